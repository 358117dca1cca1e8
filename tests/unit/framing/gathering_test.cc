#include "framing/gathering.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::gathering_test {
namespace {

std::string text_of(Gathering& gathered) { return std::string(as_text(gathered.bytes())); }

}  // namespace

TEST_CASE("gathered bytes keep their order while the memory grows") {
  Gathering gathered;
  CHECK(gathered.empty());
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    gathered.append(as_bytes(piece), 0);
    expected += piece;
  }
  CHECK(gathered.size() == expected.size());
  CHECK(text_of(gathered) == expected);
}

TEST_CASE("the room for a frame is what it lacks, but never more than has arrived") {
  Gathering gathered;
  CHECK(gathered.room_for(1'000'000) == 0);
  gathered.append(as_bytes(std::string(1000, 'a')), 1000);
  CHECK(gathered.room_for(1'000'000'000) == 1000);
  CHECK(gathered.room_for(1001) == 1);
  CHECK(gathered.room_for(1999) == 999);
}

TEST_CASE("the first piece of a frame makes room for as much again, up to the frame's end") {
  for (const std::size_t frame_bytes : {1'000UL, 1'500UL, 2'000UL, 1'000'000UL}) {
    CAPTURE(frame_bytes);
    GatheringBudget budget(1'000'000);
    Gathering gathered(&budget);
    gathered.append(as_bytes(std::string(1000, 'a')), frame_bytes);
    CHECK(budget.taken_bytes() == std::min(frame_bytes, 2'000UL));
  }
}

TEST_CASE("bytes read into the room are appended") {
  Gathering gathered;
  gathered.append(as_bytes("hello, "), 7);
  const MutableBytes room = gathered.make_room_for(12);
  CHECK(room.size() == 5);
  std::ranges::copy(as_bytes("world"), room.begin());
  gathered.advance(3);
  CHECK(text_of(gathered) == "hello, wor");
}

TEST_CASE("clearing keeps little memory and frees the rest; releasing keeps none") {
  Gathering gathered;
  gathered.append(as_bytes(std::string(1000, 'a')), 1000);
  gathered.clear();
  CHECK(gathered.empty());
  CHECK(gathered.room_for(1000) == 1000);
  gathered.release();
  CHECK(gathered.room_for(1000) == 0);
  gathered.append(as_bytes(std::string(100'000, 'a')), 100'000);
  gathered.clear();
  CHECK(gathered.room_for(1000) == 0);
}

TEST_CASE("large memory is used again by the next message, which keeps its bytes and its count") {
  GatheringBudget budget(1'000'000);
  Gathering first(&budget);
  first.append(as_bytes(std::string(160'000, 'a')), 160'000);
  const std::byte* const place = first.bytes().data();
  first.clear();
  CHECK(budget.taken_bytes() == 0);
  CHECK(budget.spares().bytes() == 160'000);
  Gathering second(&budget);
  second.append(as_bytes(std::string(60'000, 'b')), 60'000);
  second.append(as_bytes(std::string(90'000, 'c')), 150'000);
  CHECK(second.bytes().data() == place);
  CHECK(text_of(second) == std::string(60'000, 'b') + std::string(90'000, 'c'));
  CHECK(budget.taken_bytes() == 150'000);
  CHECK(budget.spares().bytes() == 0);
}

}  // namespace hotline::framing::gathering_test
