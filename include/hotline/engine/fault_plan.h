#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// What can go wrong between two programs or under one of them. The comment on each fault names the
/// opportunity at which it occurs.
enum class Fault : std::uint8_t {
  short_read,            ///< A receive returns less than has arrived.
  short_write,           ///< A send takes less than there is room for.
  delay,                 ///< A segment or datagram arrives up to two seconds late.
  datagram_loss,         ///< A datagram never arrives.
  datagram_duplication,  ///< A datagram arrives twice.
  datagram_reordering,   ///< A datagram arrives after others that were sent later.
  datagram_corruption,   ///< A datagram arrives with one byte changed.
  stream_reset,          ///< A segment is cut at any byte, and both sides see a reset.
  half_close,  ///< A segment is cut at any byte, and the receiver sees an orderly end; sending more
               ///< resets both.
  stall,       ///< A segment, or the notice that one was read, takes up to five minutes.
  connect_refused,    ///< A connection is refused although a socket listens.
  connect_timeout,    ///< A connection attempt is never answered.
  accept_failure,     ///< An accept fails with EMFILE, ENFILE or ECONNABORTED.
  no_buffer_space,    ///< A send or receive fails with ENOBUFS.
  no_memory,          ///< A socket cannot be made, or an operation fails with ENOMEM.
  partition,          ///< Two hosts cannot reach each other for up to a minute.
  clock_step,         ///< A wall clock jumps by up to an hour, forwards or backwards.
  process_death,      ///< A program is killed.
  process_stop,       ///< A program that is about to wait is stopped for up to a minute.
  early_wake,         ///< A wait for events ends at its deadline and reports none of the events.
  accept_outage,      ///< Every accept of a program fails in the same way for up to a minute.
  short_file_call,    ///< A read or write of a file moves less than was asked for.
  file_interruption,  ///< A call on a file or directory does nothing and fails with EINTR.
  disk_delay,         ///< A call on a file or directory takes up to five seconds.
  disk_full,     ///< A call that needs room on the disk, or a sync, fails with ENOSPC or EDQUOT.
  sync_failure,  ///< A sync fails with EIO; some writes before it never reach the disk, and a later
                 ///< sync does not report it.
  disk_corruption,  ///< A read finds that one bit of the file has changed on the disk.
};

inline constexpr std::size_t kFaultKinds = 27;

/// Returns the name of the fault as reports show it: `stream_reset`.
std::string_view name_of(Fault fault);

/// How often each fault occurred.
struct FaultCounts {
  std::array<std::uint64_t, kFaultKinds> of{};

  std::uint64_t& operator[](Fault fault) { return of[static_cast<std::size_t>(fault)]; }
  std::uint64_t operator[](Fault fault) const { return of[static_cast<std::size_t>(fault)]; }
  std::uint64_t total() const;
  FaultCounts& operator+=(const FaultCounts& other);

  /// Returns the counts as text, `stream_reset 3, delay 17`; empty if there were none.
  std::string to_string() const;
};

/// The probability of each fault at each of its opportunities. A value.
class FaultPlan {
 public:
  /// A plan without faults.
  FaultPlan() = default;

  /// Returns a choice of faults and probabilities that depends on `seed`: some seeds have many
  /// faults with small probabilities, others a few with large ones. It never includes
  /// process_death, process_stop, accept_outage and disk_corruption, which a test sets itself.
  static FaultPlan of_seed(std::uint64_t seed);

  /// Makes `fault` occur at `per_million` of its opportunities, from 0 to 1,000,000.
  FaultPlan& set(Fault fault, std::uint32_t per_million);

  std::uint32_t per_million(Fault fault) const {
    return per_million_[static_cast<std::size_t>(fault)];
  }

 private:
  std::array<std::uint32_t, kFaultKinds> per_million_{};
};

}  // namespace hotline
