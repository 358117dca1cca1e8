#pragma once

#include <liburing.h>

#include <cstdint>

#include "engine/buffer.h"

namespace hotline::engine {

/// The receive buffers that the kernel may fill: a ring of provided buffers, kept topped up with
/// the `hot` ones that came back last. A large ring would cycle through cold memory, for the kernel
/// takes in order. io_uring_register_buf_ring(3).
class BufferRing {
 public:
  static constexpr std::uint16_t kGroup = 0;

  /// Throws std::system_error if the kernel has no such rings (before 5.19) or no memory. `hot` is
  /// a power of two. Both outlive this.
  BufferRing(io_uring& ring, BufferPool& pool, unsigned hot);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  ~BufferRing();

  /// Gives the kernel as many buffers as it lacks and the pool has.
  void top_up();

  /// Takes note that the kernel filled buffer `index` with `filled` bytes, and takes it out.
  void note_used() { --held_; }

  /// How many the kernel holds, and how many it should.
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
