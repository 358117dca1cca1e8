#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hotline/core/log.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// A line of a log, with what determines its kind.
struct LogLine {
  LogLevel level = LogLevel::info;
  std::string message;
  std::string service;
  std::string text;  ///< Without a newline.
};

/// Carries log lines from processes that are forked from this one to this one, which writes them.
/// Never waits: a line that does not fit is dropped. Counts the dropped lines of all these
/// processes together.
class LogCourier {
 public:
  /// Fails with `resource_exhausted` if there are no descriptors or no memory.
  static Result<LogCourier> open();

  LogCourier(LogCourier&&) noexcept = default;
  LogCourier& operator=(LogCourier&&) noexcept = default;

  /// Readable when a line has arrived.
  int receiver() const { return receiver_.get(); }

  /// The descriptor that a forked process must keep in order to send.
  int sender() const { return sender_.get(); }

  /// Sends a line, or counts it as dropped.
  void send(const LogLine& line) noexcept;

  /// Returns the next line, or nullopt if none has arrived.
  std::optional<LogLine> receive();

  void count_drop() noexcept { dropped_->fetch_add(1, std::memory_order_relaxed); }

  /// Returns how many lines were dropped since the last call.
  std::uint64_t take_drops() noexcept { return dropped_->exchange(0, std::memory_order_relaxed); }

 private:
  struct Unmap {
    void operator()(std::atomic<std::uint64_t>* count) const noexcept;
  };

  LogCourier() = default;

  UniqueFd receiver_;
  UniqueFd sender_;
  std::unique_ptr<std::atomic<std::uint64_t>, Unmap> dropped_;  ///< In shared memory.
  std::string packet_;                                          ///< What was received last.
};

}  // namespace hotline::engine
