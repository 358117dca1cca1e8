#include "engine/buffer.h"

#include <cstring>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "support/memory_shortage.h"

namespace hotline::engine::buffer_test {

TEST_CASE("a buffer without a pool owns its memory") {
  Buffer buffer(10);
  CHECK(buffer);
  CHECK(buffer.memory().size() == 10);
  CHECK_FALSE(buffer.is_pooled());
  CHECK(buffer.filled() == 0);
  buffer.set_filled(3);
  const Buffer moved = std::move(buffer);
  CHECK_FALSE(buffer);  // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(moved.filled() == 3);
}

TEST_CASE("a buffer returns to its pool when it is destroyed or replaced") {
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 3 * 4096});
  CHECK(pool.free_count() == 3);
  {
    Buffer one = pool.take();
    Buffer other = pool.take();
    CHECK(pool.free_count() == 1);
    one = std::move(other);
    CHECK(pool.free_count() == 2);
  }
  CHECK(pool.free_count() == 3);
}

TEST_CASE("the buffer that was returned last is handed out first") {
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 16 * 4096});
  Buffer one = pool.take();
  Buffer other = pool.take();
  const std::byte* const one_memory = one.memory().data();
  const std::byte* const other_memory = other.memory().data();
  one = {};
  other = {};
  const Buffer first = pool.take();
  const Buffer second = pool.take();
  CHECK(first.memory().data() == other_memory);
  CHECK(second.memory().data() == one_memory);
}

TEST_CASE(
    "a pool hands out as many buffers as its limit allows, all different, and then empty ones") {
  BufferPool pool({.buffer_bytes = 64 * 1024, .memory_max = 3 * 1024 * 1024 + 1});
  CHECK(pool.count_max() == 48);
  std::vector<Buffer> taken;
  std::set<std::byte*> places;
  for (std::size_t i = 0; i < pool.count_max(); ++i) {
    taken.push_back(pool.take());
    REQUIRE(taken.back());
    REQUIRE(taken.back().memory().size() == 64 * 1024);
    std::memset(taken.back().memory().data(), static_cast<int>(i), 64 * 1024);
    places.insert(taken.back().memory().data());
  }
  CHECK(places.size() == pool.count_max());
  CHECK_FALSE(pool.take());
  CHECK(pool.take_index() == BufferPool::kNone);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    CHECK(taken[i].memory().front() == std::byte(i));
    CHECK(taken[i].memory().back() == std::byte(i));
  }
  taken.pop_back();
  CHECK(pool.take());
}

TEST_CASE("a limit below one buffer still allows one") {
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 1});
  CHECK(pool.count_max() == 1);
  const Buffer only = pool.take();
  CHECK(only);
  CHECK_FALSE(pool.take());
}

TEST_CASE("buffers larger than a slab have slabs of their own") {
  BufferPool pool({.buffer_bytes = 3 * 1024 * 1024, .memory_max = 6 * 1024 * 1024});
  const Buffer one = pool.take();
  const Buffer other = pool.take();
  CHECK(one.memory().size() == 3 * 1024 * 1024);
  CHECK(one.memory().data() != other.memory().data());
  CHECK_FALSE(pool.take());
}

TEST_CASE("a pool that cannot grow uses the buffers that it has, until it may try again") {
  // The second slab needs room in a list, for which there is no memory.
  BufferPool pool({.buffer_bytes = 1024 * 1024, .memory_max = 16 * 1024 * 1024});
  Buffer only = pool.take();
  CHECK(pool.free_count() == 15);
  CHECK(pool.above_reserve() == 13);
  {
    const test::MemoryShortage shortage;
    const bool has_grown = static_cast<bool>(pool.take());
    CHECK_UNARY_FALSE(has_grown);
  }
  CHECK(pool.free_count() == 0);
  CHECK(pool.above_reserve() == 0);
  only = {};
  CHECK(pool.free_count() == 1);
  CHECK(pool.above_reserve() == 1);
  pool.expect_growth();
  CHECK(pool.free_count() == 16);
  only = pool.take();
  CHECK(pool.take());
  CHECK(pool.free_count() == 15);
}

TEST_CASE("a pool without any buffer tries to grow each time") {
  BufferPool pool({.buffer_bytes = 1024 * 1024, .memory_max = 16 * 1024 * 1024});
  {
    const test::MemoryShortage shortage;
    const bool has_any = static_cast<bool>(pool.take());
    CHECK_UNARY_FALSE(has_any);
  }
  CHECK_FALSE(pool.has_any());
  CHECK(pool.free_count() == 16);
  CHECK(pool.take());
}

TEST_CASE("a buffer taken by index is the same memory when it is adopted") {
  BufferPool pool({.buffer_bytes = 4096, .memory_max = 8192});
  const std::uint32_t index = pool.take_index();
  REQUIRE(index != BufferPool::kNone);
  const MutableBytes memory = pool.memory_of(index);
  {
    const Buffer buffer = pool.adopt(index, 17);
    CHECK(buffer.memory().data() == memory.data());
    CHECK(buffer.filled() == 17);
    CHECK(buffer.is_pooled());
    CHECK(pool.free_count() == 1);
  }
  CHECK(pool.free_count() == 2);
}

}  // namespace hotline::engine::buffer_test
