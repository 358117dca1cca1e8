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

/// A line of a log, with what says which others are of its kind.
struct LogLine {
  LogLevel level = LogLevel::info;
  std::string message;
  std::string service;
  std::string text;  ///< Without a newline.
};

/// Carries the lines of a log from the processes that are forked from this one to this one, which
/// writes them. Nobody ever waits: what does not fit is dropped. Counts what was dropped, of all
/// these processes together.
class LogCourier {
 public:
  /// Fails with `resource_exhausted` if there are no descriptors or no memory for it.
  static Result<LogCourier> open();

  LogCourier(LogCourier&&) noexcept = default;
  LogCourier& operator=(LogCourier&&) noexcept = default;

  /// Becomes readable when a line has come.
  int receiver() const { return receiver_.get(); }

  /// What a forked process must keep to be able to send.
  int sender() const { return sender_.get(); }

  /// Sends a line, or counts it as dropped.
  void send(const LogLine& line) noexcept;

  /// Takes the next line, if one has come.
  std::optional<LogLine> receive();

  void count_drop() noexcept { dropped_->fetch_add(1, std::memory_order_relaxed); }

  /// Returns how many lines were dropped since this was last asked.
  std::uint64_t take_drops() noexcept { return dropped_->exchange(0, std::memory_order_relaxed); }

 private:
  struct Unmap {
    void operator()(std::atomic<std::uint64_t>* count) const noexcept;
  };

  LogCourier() = default;

  UniqueFd receiver_;
  UniqueFd sender_;
  std::unique_ptr<std::atomic<std::uint64_t>, Unmap> dropped_;  ///< In memory that is shared.
  std::string packet_;                                          ///< What was received last.
};

}  // namespace hotline::engine
