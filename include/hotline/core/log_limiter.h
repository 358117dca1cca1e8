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

namespace hotline {

/// How many records of one kind are written in which time.
struct LogLimits {
  std::size_t records_max = 20;
  Duration period = std::chrono::seconds(10);
};

/// Decides which records of a log are written, so that what a peer can cause cannot fill a disk:
/// of the warnings, and of the errors, with one message and one service the first `records_max` in
/// each period. The others are counted. Records of lower levels all pass. Used by one thread at a
/// time.
class LogLimiter {
 public:
  /// Records of one kind that were held back.
  struct Held {
    LogLevel level = LogLevel::warning;
    std::string message;
    std::string service;
    std::uint64_t count = 0;
  };

  explicit LogLimiter(LogLimits limits = {}) : limits_(limits) {}

  /// Returns whether a record that comes at `now` is to be written; else it is counted.
  bool admits(LogLevel level, std::string_view message, std::string_view service, Instant now);

  /// Returns what was held back in the periods that have ended at `now`, and forgets it.
  std::vector<Held> take_ended(Instant now);

  /// Returns all that was held back, also in periods that go on, and forgets it.
  std::vector<Held> take_all();

  /// Returns when take_ended next has something to give.
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

/// Returns how a log tells of `count` records: `12 more like this in the last 10 s`.
std::string describe_held(std::uint64_t count, const LogLimits& limits);

}  // namespace hotline
