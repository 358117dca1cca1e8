#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <new>

#include "framing/spare_blocks.h"

namespace hotline::framing {

/// The memory that unfinished messages may use together. A large message may use three quarters of
/// it, so that a few of them do not exclude all small ones. Any thread.
class GatheringBudget {
 public:
  /// Thrown if a message finds no room. The machine may still have memory.
  class Exhausted : public std::bad_alloc {
   public:
    const char* what() const noexcept override { return "no room is left for begun messages"; }
  };

  explicit GatheringBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  GatheringBudget(const GatheringBudget&) = delete;
  GatheringBudget& operator=(const GatheringBudget&) = delete;

  /// Takes `bytes` for a message that will have `total_bytes` with them. Throws Exhausted.
  void take(std::size_t bytes, std::size_t total_bytes) {
    const bool is_large = total_bytes > kSmallBytesMax;
    const std::size_t limit = is_large ? bytes_max_ - bytes_max_ / 4 : bytes_max_;
    std::size_t before = taken_bytes();
    do {
      if (bytes > limit - std::min(before, limit)) throw Exhausted();
    } while (!taken_bytes_.compare_exchange_weak(before, before + bytes, kRelaxed));
  }

  void give_back(std::size_t bytes) noexcept {
    taken_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }

  /// Memory that no message uses. It does not count as taken.
  SpareBlocks& spares() { return spares_; }

  std::size_t taken_bytes() const { return taken_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  static constexpr std::size_t kSmallBytesMax = 64 * 1024;

  SpareBlocks spares_{};
  std::size_t bytes_max_;
  std::atomic<std::size_t> taken_bytes_ = 0;
};

}  // namespace hotline::framing
