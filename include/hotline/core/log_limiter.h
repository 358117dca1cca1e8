#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/log.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The number of records of one kind that are written in each period.
struct LogLimits {
  std::size_t records_max = 20;
  Duration period = std::chrono::seconds(10);
};

/// Decides which records of a log are written, so that a peer cannot fill a disk. Warnings and
/// errors with the same level, message and service form a kind: the first `records_max` of a kind
/// pass in each period, and the others are counted. Records of lower levels all pass. One thread at
/// a time may use it.
class LogLimiter {
 public:
  /// The number of records of one kind that were suppressed.
  struct Held {
    LogLevel level = LogLevel::warning;
    std::string message;
    std::string service;
    std::uint64_t count = 0;
  };

  explicit LogLimiter(LogLimits limits = {}) : limits_(limits) {}

  /// Returns true if a record that arrives at `now` is to be written. Otherwise counts it.
  bool admits(LogLevel level, std::string_view message, std::string_view service, Instant now);

  /// Returns the counts of the periods that have ended by `now`, and removes them.
  std::vector<Held> take_ended(Instant now);

  /// Returns all counts, those of unfinished periods too, and removes them.
  std::vector<Held> take_all();

  /// Returns when take_ended() next has something to return.
  Deadline next_end() const;

 private:
  using Kind = std::tuple<LogLevel, std::string, std::string>;
  struct Period {
    Instant end;
    std::size_t written = 0;
    std::uint64_t held = 0;
  };

  LogLimits limits_;
  std::map<Kind, Period> periods_;
};

/// Returns the text that reports `count` suppressed records: `12 more like this in the last 10s`.
std::string describe_held(std::uint64_t count, const LogLimits& limits);

}  // namespace hotline
