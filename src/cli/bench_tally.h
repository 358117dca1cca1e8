#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cli/bench_schedule.h"
#include "cli/histogram.h"
#include "hotline/core/deadline.h"
#include "hotline/core/error.h"

namespace hotline::cli {

/// What can go wrong under load.
enum class BenchFault : std::uint8_t {
  wrong,          ///< A reply is not what it must be.
  surplus,        ///< A reply, or a part of one, that no message waits for.
  unanswered,     ///< A message whose connection ended before its reply, or that was lost.
  refused,        ///< No process listens at the endpoint.
  not_connected,  ///< A connection could not be made for another reason.
  closed,         ///< The peer closed a connection.
  reset,          ///< The peer broke a connection off.
  truncated,      ///< The peer closed a connection within a reply.
  stalled,        ///< No reply came for the whole timeout.
  malformed,      ///< The bytes that came are not in the framing.
  failed,         ///< A connection ended in another way.
};

/// The name of a fault, in JSON and for people.
struct BenchFaultName {
  BenchFault fault;
  std::string_view key;
  std::string_view one;
  std::string_view many;
};

/// Returns the names of all faults, in the order of the enumerators.
std::array<BenchFaultName, 11> bench_fault_names();

/// Returns the fault of a connection that could not be made.
BenchFault fault_of_connect(const Error& error);

/// Returns the fault of a connection that ended.
BenchFault fault_of_end(const Error& error);

/// What the connections of one loop have counted. A value.
struct BenchTally {
  Histogram latencies{};         ///< In nanoseconds, of each reply to a message that counts.
  Histogram bounds{};            ///< How long messages of an open loop stayed without a reply.
  Histogram connects{};          ///< How long each connection took to be made.
  std::uint64_t in_time = 0;     ///< Replies before the end of the time that is measured.
  std::uint64_t bytes_sent = 0;  ///< Those of the messages of these replies.
  std::uint64_t bytes_received = 0;
  std::uint64_t missed = 0;  ///< Messages that were due and were not sent.
  Instant last_reply{};
  std::array<std::uint64_t, 11> faults{};
  std::optional<Error> first_fault{};

  /// Counts a fault. The first one is kept in words.
  void add(BenchFault fault, const Error& error, std::uint64_t count = 1);

  /// Counts the reply that came `at` to a message that was due at `due`, unless that was in the
  /// warm-up. `sent` and `received` are their bytes.
  void add_reply(const BenchTimes& times, Instant due, Instant at, std::size_t sent,
                 std::size_t received);

  /// Counts, for an open loop, that a message that was due at `due` had no reply `at`, when the
  /// load ended or it was given up, unless that was in the warm-up.
  void add_bound(const BenchTimes& times, Instant due, Instant at) {
    if (due >= times.measured_from) bounds.record((at - due).count());
  }

  /// Counts the messages of `schedule` that were due and not sent when the load ended, at `end`.
  void add_missed(const BenchSchedule& schedule, Instant end) {
    missed += schedule.missed(end);
    bounds.add(schedule.missed_bounds(end));
  }

  /// Adds everything that `other` has counted.
  void add(const BenchTally& other);

  std::uint64_t count_of(BenchFault fault) const { return faults[static_cast<std::size_t>(fault)]; }
  std::uint64_t faults_total() const;
};

}  // namespace hotline::cli
