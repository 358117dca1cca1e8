#pragma once

#include <liburing.h>

#include <cstdint>

#include "engine/buffer.h"

namespace hotline::engine {

/// The receive buffers that the kernel may fill: a ring of provided buffers. It is kept topped up
/// with the `hot` buffers that were returned last. The kernel takes buffers in order, so a larger
/// ring would cycle through cold memory. io_uring_register_buf_ring(3).
class BufferRing {
 public:
  static constexpr std::uint16_t kGroup = 0;

  /// Throws std::system_error if the kernel has no such rings (before 5.19) or no memory. `hot`
  /// must be a power of two. `ring` and `pool` must outlive this object.
  BufferRing(io_uring& ring, BufferPool& pool, unsigned hot);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  ~BufferRing();

  /// Gives the kernel as many buffers as it lacks and the pool has.
  void top_up();

  /// Records that the kernel has used one buffer.
  void note_used() { --held_; }

  /// Returns how many buffers the kernel holds.
  unsigned held() const { return held_; }
  unsigned hot() const { return hot_; }

 private:
  io_uring& ring_;
  BufferPool& pool_;
  unsigned hot_;
  unsigned held_ = 0;
  std::uint16_t tail_ = 0;
  std::size_t mapped_bytes_;
  io_uring_buf_ring* shared_ = nullptr;
};

}  // namespace hotline::engine
