#include "session/bulk_memory.h"

#include <algorithm>
#include <set>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::session::bulk_memory_test {
namespace {

constexpr std::size_t kChunk = BulkMemory::kChunkBytes;
constexpr std::size_t kShared = BulkMemory::kSharedBytesMin;

/// Receives `size` bytes, and returns them.
MutableBytes receive(BulkMemory& memory, std::size_t size) {
  const MutableBytes room = memory.room();
  REQUIRE(room.size() >= size);
  memory.note_filled(size);
  return room.first(size);
}

TEST_CASE("there is always room for half a chunk, after what was received") {
  BulkMemory memory;
  const MutableBytes first = receive(memory, kChunk / 2);
  const SharedMemory kept = memory.memory_of(first);
  CHECK(memory.room().data() == first.data() + first.size());
  CHECK(memory.room().size() == kChunk / 2);
  receive(memory, 1);
  CHECK(memory.room().size() == kChunk);
}

TEST_CASE("memory that no reader keeps is used again at once") {
  BulkMemory memory;
  const MutableBytes first = receive(memory, kShared);
  CHECK(memory.room().data() == first.data());
  CHECK(memory.room().size() == kChunk);
}

TEST_CASE("what a reader keeps is not received into") {
  BulkMemory memory;
  std::vector<SharedMemory> kept;
  std::set<const std::byte*> places;
  for (int i = 0; i < 20; ++i) {
    const MutableBytes bytes = receive(memory, kChunk / 2);
    std::ranges::fill(bytes, std::byte(i));
    kept.push_back(memory.memory_of(bytes));
    REQUIRE(kept.back());
    CHECK(places.insert(bytes.data()).second);
  }
  CHECK(*places.begin() != nullptr);
  CHECK(kept[0][0] == std::byte(0));
  CHECK(kept[0][kChunk / 2] == std::byte(1));
}

TEST_CASE("memory is used again after its reader has dropped it") {
  BulkMemory memory;
  const MutableBytes first = receive(memory, kChunk);
  SharedMemory kept = memory.memory_of(first);
  const MutableBytes second = receive(memory, kChunk);
  const SharedMemory kept_too = memory.memory_of(second);
  CHECK(second.data() != first.data());
  kept.reset();
  CHECK(memory.room().data() == first.data());
}

TEST_CASE("too few bytes, and bytes of another place, are not shared") {
  BulkMemory memory;
  const std::vector<std::byte> other(kChunk);
  CHECK_FALSE(memory.memory_of(other));
  const MutableBytes bytes = receive(memory, kChunk);
  CHECK_FALSE(memory.memory_of(bytes.first(kShared - 1)));
  CHECK(memory.memory_of(bytes.first(kShared)));
  CHECK(memory.memory_of(bytes.last(kShared)));
  CHECK_FALSE(memory.memory_of(other));
}

TEST_CASE("memory that is dropped is still there for its readers") {
  BulkMemory memory;
  const MutableBytes bytes = receive(memory, kChunk);
  bytes[0] = std::byte(7);
  const SharedMemory kept = memory.memory_of(bytes);
  memory.drop();
  CHECK(kept.use_count() == 1);
  CHECK(kept[0] == std::byte(7));
  CHECK(memory.room().size() == kChunk);
}

}  // namespace
}  // namespace hotline::session::bulk_memory_test
