#pragma once

#include <sys/types.h>

#include <memory>

#include "cli/options.h"
#include "hotline/core/log.h"

namespace hotline::cli {

/// The program's log, on standard error. Records wait in a bounded queue for a thread of the log's
/// own, so that whoever writes never waits for the terminal or pipe; what does not fit is dropped
/// and counted, and the count is logged. In a process forked from this one, where that thread does
/// not exist, write is synchronous.
///
/// The thread starts at the first record: under `--concurrency processes` the parent usually has
/// but one, and signals that a server has blocked by then are blocked there too.
class Log final : public LogSink {
 public:
  Log(LogForm form, LogLevel least);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Writes what is still in the queue.
  ~Log() override;

  /// Writes what is still in the queue: false if standard error has not taken it within
  /// `patience`. Then this must not be destroyed. Nothing may be logged afterwards.
  bool finish(Duration patience);

  /// Any thread.
  void write(const LogRecord& record) noexcept override;
  bool wants(LogLevel level) const noexcept override { return level >= least_; }

 private:
  class Writer;

  LogForm form_;
  LogLevel least_;
  pid_t process_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace hotline::cli
