#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hotline {

/// What can go wrong between two programs, or under one of them. The opportunity at which each
/// strikes stands beside it.
enum class Fault : std::uint8_t {
  short_read,            ///< A receive gives less than there is.
  short_write,           ///< A send takes less than there is room for.
  delay,                 ///< A segment or datagram comes late: up to two seconds.
  datagram_loss,         ///< A datagram never comes.
  datagram_duplication,  ///< It comes twice.
  datagram_reordering,   ///< It comes after others that were sent later.
  datagram_corruption,   ///< It comes with another byte in it.
  stream_reset,          ///< A segment is cut at any byte, and both sides see a reset.
  half_close,            ///< The same, and the receiver sees an orderly end; more resets both.
  stall,                 ///< A segment, or the news that one was read, takes up to five minutes.
  connect_refused,       ///< A connection is refused though somebody listens.
  connect_timeout,       ///< A connection is never answered.
  accept_failure,        ///< An accept gives EMFILE, ENFILE or ECONNABORTED.
  no_buffer_space,       ///< A send or receive gives ENOBUFS.
  no_memory,             ///< A socket cannot be made, or an operation gives ENOMEM.
  partition,             ///< Two hosts cannot reach each other for up to a minute.
  clock_step,            ///< A wall clock jumps, up to an hour either way.
  process_death,         ///< A program is killed.
  process_stop,          ///< A program that would wait does not run for up to a minute.
  early_wake,            ///< A wait for events ends at its deadline and has seen none of them.
  accept_outage,         ///< Every accept of a program fails, the same way, for up to a minute.
};

inline constexpr std::size_t kFaultKinds = 21;

/// The fault's name as it stands in reports: `stream_reset`.
std::string_view name_of(Fault fault);

/// How often each fault was met with.
struct FaultCounts {
  std::array<std::uint64_t, kFaultKinds> of{};

  std::uint64_t& operator[](Fault fault) { return of[static_cast<std::size_t>(fault)]; }
  std::uint64_t operator[](Fault fault) const { return of[static_cast<std::size_t>(fault)]; }
  std::uint64_t total() const;
  FaultCounts& operator+=(const FaultCounts& other);

  /// `stream_reset 3, delay 17`; empty if there were none.
  std::string format() const;
};

/// How likely each fault is at each of its opportunities. A value.
class FaultPlan {
 public:
  /// Nothing goes wrong.
  FaultPlan() = default;

  /// A choice of faults and of their likelihoods that differs from seed to seed, so that some runs
  /// have little of many and others much of one. Never process_death, process_stop and
  /// accept_outage, which are the test's to ask for.
  static FaultPlan of_seed(std::uint64_t seed);

  /// `per_million` of the opportunities, from 0 to 1,000,000.
  FaultPlan& set(Fault fault, std::uint32_t per_million);

  std::uint32_t per_million(Fault fault) const {
    return per_million_[static_cast<std::size_t>(fault)];
  }

 private:
  std::array<std::uint32_t, kFaultKinds> per_million_{};
};

}  // namespace hotline
