#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "engine/wait.h"

namespace hotline::engine {

/// The few waits for writing that have lasted longest. Their streams are cut when receive buffers
/// run short and such streams hold them. Does not allocate. Loop thread only.
class LongestBlocked {
 public:
  /// A wait that has lasted less is not a candidate: a peer that reads slowly is not yet a peer
  /// that does not read.
  static constexpr Duration kBlockedMin = std::chrono::seconds(1);

  /// After a cut the loop waits this long before it considers the remaining waits again.
  static constexpr Duration kPause = std::chrono::milliseconds(50);

  explicit LongestBlocked(Instant now) : begun_max_(now - kBlockedMin) {}

  /// Considers one more wait for writing.
  void consider(Wait& wait) noexcept;

  /// Returns the waits that were found, the longest first. Valid while this object and the waits
  /// exist.
  std::span<Wait* const> found() const { return {waits_.data(), count_}; }

 private:
  static constexpr std::size_t kCountMax = 32;

  Instant begun_max_;
  std::array<Wait*, kCountMax> waits_{};
  std::size_t count_ = 0;
};

}  // namespace hotline::engine
