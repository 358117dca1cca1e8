#pragma once

#include <atomic>
#include <cstdint>

#include "hotline/core/log.h"

namespace hotline {

/// A log on standard error: a line for each record, `error: the handler failed; its call ends
/// service=upper peer=tcp://127.0.0.1:4711 "as asked"`. What came from peers is escaped.
///
/// Never blocks: a line that standard error does not take at once is dropped, and the next line
/// that it takes is followed by the number of those. A line is 4 KiB at most; more is cut. Works in
/// forked processes too: it has no thread and no lock. Any thread.
class StandardErrorLog final : public LogSink {
 public:
  /// Writes records of level `least` and above.
  explicit StandardErrorLog(LogLevel least = LogLevel::warning) : least_(least) {}

  void write(const LogRecord& record) noexcept override;
  bool wants(LogLevel level) const noexcept override { return level >= least_; }

 private:
  void report_drops();

  LogLevel least_;
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace hotline
