#pragma once

#include <cstddef>

#include "hotline/core/deadline.h"

namespace hotline::server {

/// How long the peer of a framed call may take for a message that it has begun: a timeout for each
/// 256 KiB of it, however the bytes are spread over that time.
class MessageDeadline {
 public:
  explicit MessageDeadline(Duration timeout) : timeout_(timeout) {}

  /// Call after `bytes` have come. `is_amid`: whether a message has begun and not ended with them.
  void note(bool is_amid, std::size_t bytes, Instant now) {
    bytes_ += bytes;
    const bool is_in_chunk = !until_.is_never() && bytes_ < kChunkBytes;
    if (is_amid && is_in_chunk) return;
    until_ = is_amid ? Deadline::after(now, timeout_) : Deadline::never();
    bytes_ = 0;
  }

  /// When the next bytes come too late; never between two messages.
  Deadline until() const { return until_; }

 private:
  static constexpr std::size_t kChunkBytes = 256 * 1024;

  Duration timeout_;
  Deadline until_ = Deadline::never();
  std::size_t bytes_ = 0;
};

}  // namespace hotline::server
