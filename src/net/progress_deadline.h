#pragma once

#include <cstddef>

#include "hotline/core/deadline.h"

namespace hotline::net {

/// How long the peer may take for something that has begun, as a write or a message: a timeout for
/// each 256 KiB of it, however the bytes are spread over that time.
class ProgressDeadline {
 public:
  static constexpr std::size_t kChunkBytes = 256 * 1024;

  /// Begins a chunk, unless one is under way. Returns when the chunk must have ended.
  Deadline start(Instant now, Duration timeout) {
    if (!is_under_way_) {
      until_ = Deadline::after(now, timeout);
      bytes_ = 0;
      is_under_way_ = true;
    }
    return until_;
  }

  /// Call after `bytes` have passed. `is_whole`: nothing of what had begun is left.
  void note(std::size_t bytes, bool is_whole) {
    bytes_ += bytes;
    if (is_whole || bytes_ >= kChunkBytes) is_under_way_ = false;
  }

  /// Whether a chunk is under way whose time is over.
  bool has_passed(Instant now) const { return is_under_way_ && until_.has_passed(now); }

  /// When the chunk under way must have ended; never if none is.
  Deadline until() const { return is_under_way_ ? until_ : Deadline::never(); }

 private:
  Deadline until_ = Deadline::never();
  std::size_t bytes_ = 0;
  bool is_under_way_ = false;
};

}  // namespace hotline::net
