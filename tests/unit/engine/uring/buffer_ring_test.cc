#include "engine/uring/buffer_ring.h"

#include <system_error>

#include <doctest/doctest.h>

#include "engine/uring/ring.h"
#include "hotline/engine/engine_choice.h"

namespace hotline::engine::buffer_ring_test {
namespace {

struct OwnRing {
  OwnRing() { REQUIRE(make_ring(ring, flags) == 0); }
  ~OwnRing() { io_uring_queue_exit(&ring); }

  io_uring ring{};
  RingFlags flags{};
};

}  // namespace

TEST_CASE("the kernel holds the given number of hot buffers, and returns them at the end") {
  if (!probe_uring().is_usable) return;
  OwnRing ring;
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 64 * 4096});
  {
    BufferRing buffers(ring.ring, pool, 16);
    CHECK(buffers.hot() == 16);
    CHECK(buffers.held() == 0);
    buffers.top_up();
    CHECK(buffers.held() == 16);
    CHECK(pool.free_count() == 48);
    buffers.top_up();
    CHECK(pool.free_count() == 48);
  }
  CHECK(pool.free_count() == 64);
}

TEST_CASE("a ring is topped up with as many as the pool has") {
  if (!probe_uring().is_usable) return;
  OwnRing ring;
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 5 * 4096});
  {
    BufferRing buffers(ring.ring, pool, 16);
    buffers.top_up();
    CHECK(buffers.held() == 5);
    CHECK(pool.take_index() == BufferPool::kNone);
  }
  CHECK(pool.free_count() == 5);
}

TEST_CASE("buffers that the kernel used are replaced, round the ring") {
  if (!probe_uring().is_usable) return;
  OwnRing ring;
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 4 * 4096});
  {
    BufferRing buffers(ring.ring, pool, 4);
    buffers.top_up();
    // The kernel takes buffers in order: indices return as they were handed out.
    for (std::uint32_t i = 0; i < 70'000; ++i) {
      buffers.note_used();
      pool.give_back(i % 4);
      buffers.top_up();
      REQUIRE(buffers.held() == 4);
    }
  }
  CHECK(pool.free_count() == 4);
}

TEST_CASE("a number of hot buffers other than a power of two is refused") {
  if (!probe_uring().is_usable) return;
  OwnRing ring;
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 8 * 4096});
  CHECK_THROWS_AS(BufferRing(ring.ring, pool, 3), std::system_error);
  CHECK(pool.free_count() == 8);
}

}  // namespace hotline::engine::buffer_ring_test
