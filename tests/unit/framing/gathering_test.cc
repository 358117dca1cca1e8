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
    gathered.append(as_bytes(piece));
    expected += piece;
  }
  CHECK(gathered.size() == expected.size());
  CHECK(text_of(gathered) == expected);
}

TEST_CASE("the room for a frame is what it lacks, but never more than has arrived") {
  Gathering gathered;
  CHECK(gathered.room_for(1'000'000) == 0);
  gathered.append(as_bytes(std::string(1000, 'a')));
  CHECK(gathered.room_for(1'000'000'000) == 1000);
  CHECK(gathered.room_for(1001) == 1);
  CHECK(gathered.room_for(1999) == 999);
}

TEST_CASE("bytes read into the room are appended") {
  Gathering gathered;
  gathered.append(as_bytes("hello, "));
  const MutableBytes room = gathered.make_room_for(12);
  CHECK(room.size() == 5);
  std::ranges::copy(as_bytes("world"), room.begin());
  gathered.advance(3);
  CHECK(text_of(gathered) == "hello, wor");
}

TEST_CASE("clearing keeps little memory and frees the rest; releasing keeps none") {
  Gathering gathered;
  gathered.append(as_bytes(std::string(1000, 'a')));
  gathered.clear();
  CHECK(gathered.empty());
  CHECK(gathered.room_for(1000) == 1000);
  gathered.release();
  CHECK(gathered.room_for(1000) == 0);
  gathered.append(as_bytes(std::string(100'000, 'a')));
  gathered.clear();
  CHECK(gathered.room_for(1000) == 0);
}

}  // namespace hotline::framing::gathering_test
