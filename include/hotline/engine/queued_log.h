#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hotline/core/log.h"
#include "hotline/core/log_entry.h"
#include "hotline/core/log_limiter.h"

namespace hotline {

/// A log on standard error, one line a record. Records wait in a bounded queue for a thread of the
/// log's own, so that whoever writes never waits for the terminal or pipe; those of processes that
/// are forked from this one come to it by a socket. What does not fit or cannot be written is
/// counted, and the count is logged as soon as something can be. Warnings and errors that come too
/// often are held back and counted: see LogLimiter.
///
/// If the thread cannot be made, the log says so and writes each record where it comes, unless
/// standard error would have to be waited for: then the record counts as dropped.
///
/// The thread blocks all signals. Make the log before there are callers, and after start_launcher.
class QueuedLog final : public LogSink {
 public:
  /// How an entry becomes a line, without its newline.
  using Format = std::string (*)(const LogEntry&);

  explicit QueuedLog(LogLevel least, Format format = format_as_text, LogLimits limits = {});
  QueuedLog(const QueuedLog&) = delete;
  QueuedLog& operator=(const QueuedLog&) = delete;

  /// Writes what is still in the queue, however long that takes.
  ~QueuedLog() override;

  /// Writes what is still in the queue. Returns false if standard error has not taken it within
  /// `patience`; then this must not be destroyed. Nothing may be logged afterwards.
  bool finish(Duration patience);

  /// Any thread, and a process forked from this one.
  void write(const LogRecord& record) noexcept override;
  bool wants(LogLevel level) const noexcept override { return level >= least_; }
  std::span<const int> kept_descriptors() const noexcept override { return kept_; }

 private:
  class Writer;

  LogLevel least_;
  int process_;  ///< Whose it is, as getpid(2) has it.
  std::unique_ptr<Writer> writer_;
  std::vector<int> kept_;
};

}  // namespace hotline
