#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotline::cli {

/// Counts numbers, such as latencies in nanoseconds, in buckets whose width grows with the number:
/// 128 to each power of two. What it returns is at most 1/128 (0.8 %) above the truth, and never
/// below it. It takes 35 KB of memory, whatever is counted. A value,
/// which must not be used after it was moved away.
class Histogram {
 public:
  /// Larger numbers are counted as this one, and negative ones as 0.
  static constexpr std::int64_t kMax = (std::int64_t{1} << 40) - 1;

  /// Counts `number`, `count` times.
  void record(std::int64_t number, std::uint64_t count = 1) {
    number = std::clamp<std::int64_t>(number, 0, kMax);
    counts_[index_of(static_cast<std::uint64_t>(number))] += count;
    total_ += count;
    sum_ += static_cast<double>(number) * static_cast<double>(count);
    max_ = std::max(max_, number);
  }

  /// Counts everything that `other` has counted.
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  /// Returns what was counted since this histogram was `earlier`. Its maximum is a bound of the
  /// highest bucket.
  Histogram since(const Histogram& earlier) const {
    Histogram later;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      later.counts_[i] = counts_[i] - earlier.counts_[i];
      if (later.counts_[i] > 0) later.max_ = std::min(bound_of(i), max_);
    }
    later.total_ = total_ - earlier.total_;
    later.sum_ = sum_ - earlier.sum_;
    return later;
  }

  void clear() { *this = Histogram(); }

  /// Returns how many numbers were counted.
  std::uint64_t total() const { return total_; }

  /// Returns the largest; 0 if there is none.
  std::int64_t max() const { return max_; }

  /// Returns the average; 0 if there is none.
  double mean() const { return total_ == 0 ? 0 : sum_ / static_cast<double>(total_); }

  /// Returns the number that `fraction` (0 to 1) of the numbers do not exceed; 0 if there is none.
  std::int64_t percentile(double fraction) const {
    const double wanted = std::ceil(fraction * static_cast<double>(total_));
    const auto rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank) return std::min(bound_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned kLinearBits = 7;
  static constexpr unsigned kLinear = 1 << kLinearBits;
  static constexpr unsigned kBits = 40;

  /// Numbers below kLinear have a bucket each; above, the leading bit chooses the group and the
  /// kLinearBits after it the bucket.
  static std::size_t index_of(std::uint64_t number) {
    if (number < kLinear) return number;
    const auto shift = static_cast<unsigned>(std::bit_width(number)) - 1 - kLinearBits;
    return shift * kLinear + (number >> shift);
  }

  /// The largest number in a bucket.
  static std::int64_t bound_of(std::size_t index) {
    if (index < kLinear) return static_cast<std::int64_t>(index);
    const std::size_t shift = index / kLinear - 1;
    const std::size_t mantissa = index - shift * kLinear;
    return static_cast<std::int64_t>(((mantissa + 1) << shift) - 1);
  }

  static constexpr std::size_t kBuckets = (kBits - kLinearBits + 1) * kLinear;

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kBuckets);
  std::uint64_t total_ = 0;
  double sum_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace hotline::cli
