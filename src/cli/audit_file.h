#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/engine/queued_log.h"
#include "hotline/net/option_taker.h"
#include "hotline/server/handler.h"

namespace hotline::cli {

/// The audit of an endpoint of `hotline serve`: a file with one JSON object a line. Any thread, and
/// processes forked for calls.
class AuditFile {
 public:
  /// Opens the file that the option `audit` names, which it takes. Returns null without the option.
  /// Fails with `invalid_argument` if the file cannot be used.
  static Result<std::shared_ptr<AuditFile>> take_from(
      OptionTaker& taker, QueuedLog::Start start = QueuedLog::Start::at_once);

  /// Opens the file. With Start::at_begin its thread starts with the first line, which this process
  /// must write. Fails as LogFile::open().
  static Result<std::shared_ptr<AuditFile>> open(
      std::string path, QueuedLog::Start start = QueuedLog::Start::at_once);

  /// Writes the line that `make_line` returns, without a newline. If it throws std::bad_alloc, the
  /// log says that a line is lost. Never waits for the file.
  void write(const std::function<std::string()>& make_line) noexcept;

  const QueuedLog& log() const { return log_; }

  /// Makes `handler` keep the file open for its calls, and open it again at Server::reload(), after
  /// what it reads again itself. A handler that stays within its files may use this one too.
  static void attach(const std::shared_ptr<AuditFile>& audit, Handler& handler);

 private:
  AuditFile(std::shared_ptr<LogFile> file, QueuedLog::Start start);

  std::shared_ptr<LogFile> file_;
  QueuedLog log_;
  std::atomic<bool> is_waiting_;  ///< The log has not begun.
};

}  // namespace hotline::cli
