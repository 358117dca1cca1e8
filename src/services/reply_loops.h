#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "hotline/core/deadline.h"
#include "hotline/server/message.h"

namespace hotline::services {

/// Finds exchanges in which two servers answer each other without end: the same datagram comes from
/// the same peer again and again, soon after each reply. The `turns`-th datagram of such an
/// exchange is due to be left unanswered, which ends the exchange unless the network doubles
/// datagrams.
///
/// Fixed memory. Any thread, without a lock. Exchanges share a place if their keys have the same
/// remainder, and are then counted together.
class ReplyLoops {
 public:
  static constexpr std::uint32_t kTurns = 16'384;
  static constexpr Duration kPause = std::chrono::seconds(1);

  /// What happens to the datagrams of an exchange after its `turns`-th one.
  enum class After : std::uint8_t {
    counts_anew,  ///< Each further `turns`-th one is due too.
    stays_due,    ///< All are due until there is a pause over kPause.
  };

  /// `turns` is from 1 to 65,534.
  explicit ReplyLoops(std::uint32_t turns = kTurns, After after = After::counts_anew)
      : turns_(turns), after_(after) {}

  /// Returns the key of a message: a hash of its bytes and its sender. Allocates nothing.
  static std::size_t key_of(const Message& message);

  /// Counts one datagram at the time `now`. Returns true if it is due to be left unanswered.
  bool is_due(std::size_t key, Instant now);

 private:
  static constexpr std::size_t kPlaces = 4096;

  std::uint32_t turns_;
  After after_;

  /// The time of the last datagram in milliseconds, and in the low bits the count.
  std::array<std::atomic<std::uint64_t>, kPlaces> places_{};
};

}  // namespace hotline::services
