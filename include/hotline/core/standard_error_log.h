#pragma once

#include <atomic>
#include <cstdint>

#include "hotline/core/log.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A log on standard error with one line for each record: `error: the handler failed; its call ends
/// service=upper peer=tcp://127.0.0.1:4711 "as asked"`. Text from peers is escaped.
///
/// Never blocks. A line that standard error does not take at once is dropped; after the next line
/// that it takes, the log reports the number of dropped lines. A line has at most 4 KiB, and longer
/// ones are cut. Works in forked processes too, because it has neither a thread nor a lock. Any
/// thread.
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
