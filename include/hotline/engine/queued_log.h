#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hotline/core/log.h"
#include "hotline/core/log_entry.h"
#include "hotline/core/log_limiter.h"
#include "hotline/core/public.h"
#include "hotline/engine/log_file.h"

namespace hotline HOTLINE_PUBLIC {

/// A log on standard error, or in a file, with one line for each record. Records wait in a bounded
/// queue for a thread of the log, so that a writer never waits for the terminal or pipe. Processes
/// that are forked from this one send their records over a socket. Records that do not fit or
/// cannot be written are counted, and the count is logged as soon as possible. Warnings and errors
/// that occur too often are suppressed and counted: see LogLimiter.
///
/// If the thread cannot be started, the log reports that and writes each record in the thread that
/// logs it. A record for which standard error has no room is then dropped and counted; a log in a
/// file then waits for the file.
///
/// The thread blocks all signals. Make the log before the server has calls, and after
/// start_launcher(). Where no thread may run yet, because confine_program() is to come, let the log
/// begin later.
class QueuedLog final : public LogSink {
 public:
  /// Turns an entry into a line without a newline.
  using Format = std::string (*)(const LogEntry&);

  /// When the thread starts. Until begin() records wait in the queue.
  enum class Start : bool { at_once, at_begin };

  explicit QueuedLog(LogLevel least, Format format = format_as_text, LogLimits limits = {},
                     Start start = Start::at_once);

  /// A log of all levels in `file`.
  QueuedLog(std::shared_ptr<LogFile> file, Format format, Start start = Start::at_once);

  QueuedLog(const QueuedLog&) = delete;
  QueuedLog& operator=(const QueuedLog&) = delete;

  /// Writes what is still in the queue, however long that takes.
  ~QueuedLog() override;

  /// Starts the thread, unless it has been started. Any thread, but only in the process that made
  /// the log. The end of the log begins it too.
  void begin();

  /// Writes what is still in the queue. Returns false if its output has not taken all of it
  /// within `patience`; then the log must not be destroyed. Nothing may be logged after this call.
  bool finish(Duration patience);

  /// Any thread, and any process forked from this one.
  void write(const LogRecord& record) noexcept override;
  bool wants(LogLevel level) const noexcept override { return level >= least_; }
  std::span<const int> kept_descriptors() const noexcept override { return kept_; }

 private:
  class Writer;

  LogLevel least_;
  int process_;  ///< The process that made the log, as getpid(2) returns it.
  std::unique_ptr<Writer> writer_;
  std::vector<int> kept_;
};

}  // namespace hotline
