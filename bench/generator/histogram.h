#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "clock.h"

namespace bench {

// Latencies in log-linear buckets: 64 to each power of two, hence within 1.6 % of the truth.
class Histogram {
 public:
  void record(Nanoseconds latency, std::uint64_t count) {
    const auto value = static_cast<std::uint64_t>(std::clamp<Nanoseconds>(latency, 0, kMax));
    counts_[index(value)] += count;
    total_ += count;
    max_ = std::max(max_, latency);
  }

  void clear() { *this = Histogram(); }
  std::uint64_t total() const { return total_; }
  Nanoseconds max() const { return max_; }

  // The latency that `fraction` of the messages did not exceed.
  Nanoseconds percentile(double fraction) const {
    const auto rank = static_cast<std::uint64_t>(fraction * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) return std::min(upper_bound(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned kLinearBits = 6;
  static constexpr unsigned kLinear = 1 << kLinearBits;
  static constexpr unsigned kBits = 40;
  static constexpr Nanoseconds kMax = (Nanoseconds{1} << kBits) - 1;

  // Values below kLinear have a bucket each; above, the leading bit chooses the group and the
  // kLinearBits after it the bucket.
  static std::size_t index(std::uint64_t value) {
    if (value < kLinear) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kLinearBits;
    return shift * kLinear + (value >> shift);
  }

  static Nanoseconds upper_bound(std::size_t index) {
    if (index < kLinear) return static_cast<Nanoseconds>(index);
    const std::size_t shift = index / kLinear - 1;
    const std::size_t mantissa = index - shift * kLinear;
    return static_cast<Nanoseconds>(((mantissa + 1) << shift) - 1);
  }

  std::array<std::uint64_t, (kBits - kLinearBits + 1) * kLinear> counts_{};
  std::uint64_t total_ = 0;
  Nanoseconds max_ = 0;
};

}  // namespace bench
