#include "server/message_deadline.h"

#include <doctest/doctest.h>

namespace hotline::server {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(60);
constexpr std::size_t kChunkBytes = 256 * 1024;

Instant at(int second) { return Instant(std::chrono::seconds(second)); }

}  // namespace

TEST_CASE("between two messages there is no deadline") {
  MessageDeadline message(kTimeout);
  CHECK(message.until().is_never());
  message.note(false, 100, at(1));
  CHECK(message.until().is_never());
  message.note(true, 1, at(2));
  message.note(false, 1, at(3));
  CHECK(message.until().is_never());
}

TEST_CASE("a message that has begun has its time from its first byte, whatever dribbles in") {
  MessageDeadline message(kTimeout);
  message.note(true, 1, at(10));
  for (int second = 11; second < 70; ++second) {
    message.note(true, 1, at(second));
    CHECK(message.until() == Deadline::at(at(70)));
  }
}

TEST_CASE("each 256 KiB of a long message gives it that time anew") {
  MessageDeadline message(kTimeout);
  message.note(true, 1, at(0));
  message.note(true, kChunkBytes - 1, at(50));
  CHECK(message.until() == Deadline::at(at(60)));
  message.note(true, 1, at(51));
  CHECK(message.until() == Deadline::at(at(111)));
  message.note(true, kChunkBytes, at(100));
  CHECK(message.until() == Deadline::at(at(160)));
}

TEST_CASE("the next message has a time of its own") {
  MessageDeadline message(kTimeout);
  message.note(true, 1, at(0));
  message.note(false, 1, at(30));
  message.note(true, 1, at(40));
  CHECK(message.until() == Deadline::at(at(100)));
}

}  // namespace hotline::server
