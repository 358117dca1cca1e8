#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "engine/wait.h"

namespace hotline::engine {

/// Of the waits for a peer to take bytes those that have lasted longest, a few at a time: what is
/// cut when receive buffers are short and such streams hold them. No allocation. Loop thread only.
class LongestBlocked {
 public:
  /// A wait is not a candidate before it has lasted so long: a peer that reads slowly is not yet
  /// one that does not read.
  static constexpr Duration kBlockedMin = std::chrono::seconds(1);

  /// How long the loop lets those go on that were not cut before it looks again.
  static constexpr Duration kPause = std::chrono::milliseconds(50);

  explicit LongestBlocked(Instant now) : begun_max_(now - kBlockedMin) {}

  /// Considers one more wait for writing that is under way.
  void consider(Wait& wait) noexcept;

  /// Those found, the longest first. Valid while this object and the waits live.
  std::span<Wait* const> found() const { return {waits_.data(), count_}; }

 private:
  static constexpr std::size_t kCountMax = 32;

  Instant begun_max_;
  std::array<Wait*, kCountMax> waits_{};
  std::size_t count_ = 0;
};

}  // namespace hotline::engine
