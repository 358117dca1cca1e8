#include "cli/audit_file.h"

#include <new>
#include <string_view>
#include <utility>

#include "cli/log_line.h"

namespace hotline::cli {
namespace {

constexpr std::string_view kAuditLine = "audit";

std::string format_audit(const LogEntry& entry) {
  // Other entries are the log's own: that lines were lost, for example.
  return entry.message == kAuditLine ? entry.detail : format_as_json(entry);
}

}  // namespace

Result<std::shared_ptr<AuditFile>> AuditFile::take_from(OptionTaker& taker,
                                                        QueuedLog::Start start) {
  const auto path = taker.take("audit", Side::server);
  if (!path) return fail(path.error());
  if (!*path) return nullptr;
  if (!(*path)->starts_with('/')) {
    return fail(taker.refuse("the option 'audit' does not begin with /",
                             "write audit=/var/log/hotline.json"));
  }
  auto audit = open(**path, start);
  if (!audit) return fail(taker.refuse(audit.error().message(), audit.error().hint()));
  return audit;
}

Result<std::shared_ptr<AuditFile>> AuditFile::open(std::string path, QueuedLog::Start start) {
  auto file = LogFile::open(std::move(path));
  if (!file) return fail(std::move(file.error()));
  return std::shared_ptr<AuditFile>(new AuditFile(*std::move(file), start));
}

AuditFile::AuditFile(std::shared_ptr<LogFile> file, QueuedLog::Start start)
    : file_(std::move(file)),
      log_(file_, format_audit, start),
      is_waiting_(start == QueuedLog::Start::at_begin) {}

void AuditFile::write(const std::function<std::string()>& make_line) noexcept {
  try {
    if (is_waiting_ && is_waiting_.exchange(false)) log_.begin();
    LogRecord line;
    line.message = kAuditLine;
    line.detail = make_line();
    log_.write(line);
  } catch (const std::bad_alloc&) {
    // The line is lost, and the log says so.
    log_.write({.level = LogLevel::warning,
                .message = "no memory for a line of the audit",
                .service = {},
                .endpoint = {},
                .peer = {},
                .detail = {}});
  }
}

void AuditFile::attach(const std::shared_ptr<AuditFile>& audit, Handler& handler) {
  if (handler.usable_paths()) {
    handler.stays_within({{audit->file_->path(), PathUse::append}});
  }
  for (const int each : audit->log_.kept_descriptors()) handler.keep(each);
  handler.reload([audit, earlier = handler.read_again()]() -> Result<Reloaded> {
    auto file = LogFile::open_again(audit->file_);
    if (!file || !earlier) return file;
    auto other = earlier();
    if (!other) return other;
    return Reloaded([file = *std::move(file), other = *std::move(other)] {
      file();
      other();
    });
  });
}

}  // namespace hotline::cli
