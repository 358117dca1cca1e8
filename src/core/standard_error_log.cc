#include "hotline/core/standard_error_log.h"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace hotline {
namespace {

/// False if it would have to wait. `line` is at most PIPE_BUF: a pipe takes that whole or not at
/// all.
bool write_at_once(const std::string& line) {
  pollfd polled{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&polled, 1, 0) != 1 || (polled.revents & POLLOUT) == 0) return false;
  // Another process may fill a pipe between the look and the write, so the write must not wait
  // either. What has no such write (a terminal, a file) is nearly always ready.
  const iovec piece{const_cast<char*>(line.data()), line.size()};
  ssize_t written = ::pwritev2(STDERR_FILENO, &piece, 1, -1, RWF_NOWAIT);
  if (written < 0 && errno == EOPNOTSUPP)
    written = ::write(STDERR_FILENO, line.data(), line.size());
  return written >= 0;
}

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
    const bool is_written = write_at_once(line_of(name_of(record.level), format(record)));
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
  if (!write_at_once(line_of(name_of(LogLevel::warning), text))) dropped_ += dropped;
}

}  // namespace hotline
