#pragma once

#include <cstddef>

#include "hotline/core/deadline.h"

namespace hotline::net {

/// How long the peer may take for something that has begun, such as a write or a message: a timeout
/// for each 256 KiB of it, however the bytes are spread over that time.
class ProgressDeadline {
 public:
  static constexpr std::size_t kChunkBytes = 256 * 1024;

  /// Begins a chunk, unless one is in progress. Returns when the chunk must have ended.
  Deadline start(Instant now, Duration timeout) {
    if (!is_under_way_) {
      until_ = Deadline::after(now, timeout);
      bytes_ = 0;
      is_under_way_ = true;
    }
    return until_;
  }

  /// Call after `bytes` have passed. `is_whole`: nothing is left of what had begun.
  void note(std::size_t bytes, bool is_whole) {
    bytes_ += bytes;
    if (is_whole || bytes_ >= kChunkBytes) is_under_way_ = false;
  }

  /// Gives the chunk in progress, if there is one, so much more time: the peer was not waited for.
  void postpone(Duration pause) {
    if (is_under_way_) until_ = Deadline::after(until_.instant(), pause);
  }

  /// Returns true if a chunk is in progress and its time is over.
  bool has_passed(Instant now) const { return is_under_way_ && until_.has_passed(now); }

  /// Returns when the chunk in progress must have ended, or never if there is none.
  Deadline until() const { return is_under_way_ ? until_ : Deadline::never(); }

 private:
  Deadline until_ = Deadline::never();
  std::size_t bytes_ = 0;
  bool is_under_way_ = false;
};

}  // namespace hotline::net
