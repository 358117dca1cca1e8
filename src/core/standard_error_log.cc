#include "hotline/core/standard_error_log.h"

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "core/write_at_once.h"

namespace hotline {
namespace {

/// `line` has at most PIPE_BUF bytes. Returns true if standard error took it.
bool write_line(const std::string& line) { return write_at_once(STDERR_FILENO, line) >= 0; }

std::string line_of(std::string_view level, std::string_view text) {
  std::string line(level);
  line.append(": ").append(text.substr(0, PIPE_BUF - line.size() - sizeof "\n"));
  return line += '\n';
}

}  // namespace

void StandardErrorLog::write(const LogRecord& record) noexcept {
  if (!wants(record.level)) return;
  const int saved_errno = errno;
  try {
    const bool is_written = write_line(line_of(name_of(record.level), format(record)));
    is_written ? report_drops() : void(++dropped_);
  } catch (...) {
    ++dropped_;
  }
  errno = saved_errno;
}

void StandardErrorLog::report_drops() {
  const std::uint64_t dropped = dropped_.exchange(0);
  if (dropped == 0) return;
  const std::string text =
      std::to_string(dropped) + " log lines were dropped: standard error did not take them";
  if (!write_line(line_of(name_of(LogLevel::warning), text))) dropped_ += dropped;
}

}  // namespace hotline
