#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "cli/bench_options.h"
#include "cli/histogram.h"
#include "hotline/core/deadline.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {

/// Returns the time. A turn of an event loop, within which now() is constant, may take longer than
/// a reply.
inline Instant exact_now() { return read_clocks().monotonic; }

/// The time of a whole load: its warm-up, and the time that is measured.
struct BenchTimes {
  Instant begin{};
  Instant measured_from{};
  Deadline end = Deadline::never();  ///< Nothing is sent any more.

  static BenchTimes of(const BenchOptions& options, Instant begin);
};

/// When the messages of one connection are due. In an open loop they are due at fixed times, and
/// those of all connections together in equal intervals; in a closed loop each is due as soon as
/// there is room for it. Messages of the warm-up do not count for BenchOptions::messages.
class BenchSchedule {
 public:
  /// That of connection `index`.
  BenchSchedule(const BenchOptions& options, const BenchTimes& times, std::size_t index);

  /// Returns when the next message is due, which may be over, or the end of the time if none is due
  /// before it. Nullopt: no message is due any more.
  std::optional<Instant> next(Instant now) const;

  /// Notes that the next message has been sent, which was due at `due`.
  void advance(Instant due);

  /// Returns true if a message that is due at `due` counts.
  bool is_measured(Instant due) const { return due >= times_.measured_from; }

  /// Returns how many messages of an open loop that count were due before `now`, or the end of the
  /// time if that is earlier, and have not been sent.
  std::uint64_t missed(Instant now) const;

  /// Returns for how many nanoseconds each of them has been due by then. Those of many messages are
  /// up to 0.4 % too low, except the longest.
  Histogram missed_bounds(Instant now) const;

  const BenchTimes& times() const { return times_; }

 private:
  Instant due_of(std::uint64_t number) const;
  Instant until(Instant now) const;
  std::uint64_t number_before(Instant until) const;
  std::uint64_t first_missed() const;

  BenchTimes times_;
  std::optional<double> rate_;
  std::size_t index_;
  std::size_t connections_;
  std::uint64_t left_;      ///< Messages that count and were not sent.
  std::uint64_t next_ = 0;  ///< The number of the next message of this connection.
};

}  // namespace hotline::cli
