#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "hotline/server/early_drop.h"

namespace hotline::server {

/// Counts the calls that are not authenticated yet, and decides whether there may be one more. Any
/// thread. It has no lock.
class UnauthenticatedCalls {
 public:
  /// Returns a number from 0 to `bound` - 1, each as likely as the others. Any thread.
  using Random = std::function<std::uint32_t(std::uint32_t bound)>;

  UnauthenticatedCalls(const EarlyDrop& limit, Random random)
      : limit_(limit), random_(std::move(random)) {}

  /// Counts one more and returns true, or returns false: the caller is to be refused. It draws a
  /// number only if the chance is neither 0 nor certain.
  bool admit();

  /// Call when a call that admit() counted has been authenticated or has ended.
  void leave();

  std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  EarlyDrop limit_;
  Random random_;
  std::atomic<std::size_t> count_ = 0;
};

/// A Random that draws from the source of randomness of the engine.
std::uint32_t draw_from_engine(std::uint32_t bound);

}  // namespace hotline::server
