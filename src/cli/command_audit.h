#pragma once

#include <memory>
#include <string>

#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/engine/queued_log.h"
#include "hotline/net/option_taker.h"
#include "hotline/services/remote_commands.h"

namespace hotline::cli {

/// The audit of an endpoint of the service `command`: a file with one JSON object a line for each
/// command. Any thread, and processes forked for calls.
class CommandAudit {
 public:
  /// Opens the file that the option `audit` names, which it takes. Returns null without the option.
  /// Fails with `invalid_argument` if the file cannot be used.
  static Result<std::shared_ptr<CommandAudit>> take_from(OptionTaker& taker);

  /// Opens the file. Fails as LogFile::open().
  static Result<std::shared_ptr<CommandAudit>> open(std::string path);

  /// Writes `record`. Never waits for the file.
  void write(const CommandRecord& record) noexcept;

  /// Opens the file again: see LogFile::open_again().
  Result<Reloaded> open_again() const { return LogFile::open_again(file_); }

  const QueuedLog& log() const { return log_; }

 private:
  explicit CommandAudit(std::shared_ptr<LogFile> file);

  std::shared_ptr<LogFile> file_;
  QueuedLog log_;
};

/// Returns the object of a command, without a newline. It has only the beginning of a long program.
std::string audit_line(const CommandRecord& record);

}  // namespace hotline::cli
