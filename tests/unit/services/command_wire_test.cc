#include "services/command_wire.h"

#include <doctest/doctest.h>

namespace hotline::services {
namespace {

using State = LengthReader::State;
using namespace std::string_literals;

/// A reader that has taken `text` at once, or byte by byte.
LengthReader read(CommandWire wire, std::string_view text, std::size_t reply_max = kReplyMax) {
  LengthReader whole(wire, reply_max);
  const std::size_t taken = whole.take(as_bytes(text));
  LengthReader bytewise(wire, reply_max);
  std::size_t taken_bytewise = 0;
  for (const char& each : text) {
    taken_bytewise += bytewise.take(as_bytes(std::string_view(&each, 1)));
  }
  CHECK(taken == taken_bytewise);
  CHECK(whole.state() == bytewise.state());
  CHECK(whole.length() == bytewise.length());
  return whole;
}

Completed completed(std::string output, std::string error) {
  return {.end = {.exit_status = 3}, .output = std::move(output), .error = std::move(error)};
}

}  // namespace

TEST_CASE("the reply is standard error, else standard output, else a word of success") {
  CHECK(reply_of(completed("out", "err")) == "err");
  CHECK(reply_of(completed("out", "")) == "out");
  CHECK(reply_of(completed("", "err")) == "err");
  CHECK(reply_of(completed("", "")) == "\xe6\x93\x8d\xe4\xbd\x9c\xe6\x88\x90\xe5\x8a\x9f");
}

TEST_CASE("a length is encoded as the course's servers do") {
  CHECK(encode_length(CommandWire::plain, 12).empty());
  CHECK(encode_length(CommandWire::ready, 0) == "0");
  CHECK(encode_length(CommandWire::ready, 2'097'152) == "2097152");
  CHECK(encode_length(CommandWire::i32, 12) == "\x0c\0\0\0"s);
  CHECK(encode_length(CommandWire::i32, 0x01020304) == "\x04\x03\x02\x01"s);
  CHECK(encode_length(CommandWire::i32, kReplyMax) == "\xff\xff\xff\x7f"s);
}

TEST_CASE("what was encoded is what is read, however it is cut") {
  for (const std::size_t size :
       {0UL, 1UL, 9UL, 10UL, 255UL, 256UL, 65'536UL, 2'097'152UL, 0x7fffffffUL}) {
    const auto ready = read(CommandWire::ready, encode_length(CommandWire::ready, size));
    CHECK(ready.state() == State::announced);
    CHECK(ready.length() == size);
    const auto i32 = read(CommandWire::i32, encode_length(CommandWire::i32, size));
    CHECK(i32.state() == State::whole);
    CHECK(i32.length() == size);
  }
}

TEST_CASE("a length that is not there yet is waited for") {
  CHECK(read(CommandWire::ready, "").state() == State::more);
  CHECK(read(CommandWire::i32, "").state() == State::more);
  CHECK(read(CommandWire::i32, "\x0c\0\0"s).state() == State::more);
}

TEST_CASE("what follows a length of four bytes is not taken") {
  LengthReader reader(CommandWire::i32, kReplyMax);
  CHECK(reader.take(as_bytes("\3\0\0\0abc"s)) == 4);
  CHECK(reader.take(as_bytes("abc"s)) == 0);
  CHECK(reader.length() == 3);
}

TEST_CASE("more digits make a longer length") {
  LengthReader reader(CommandWire::ready, kReplyMax);
  CHECK(reader.take(as_bytes("20"s)) == 2);
  CHECK(reader.length() == 20);
  CHECK(reader.take(as_bytes("97152"s)) == 5);
  CHECK(reader.state() == State::announced);
  CHECK(reader.length() == 2'097'152);
}

TEST_CASE("what is no length is malformed") {
  for (const std::string_view text :
       {"-1", "+1", " 1", "1 ", "12\n", "0x10", "1.5", "ready", "\n", "000000000000000000001"}) {
    CAPTURE(text);
    CHECK(read(CommandWire::ready, text).state() == State::malformed);
  }
  CHECK(read(CommandWire::i32, "\xff\xff\xff\xff").state() == State::malformed);
  CHECK(read(CommandWire::i32, "\0\0\0\x80"s).state() == State::malformed);
}

TEST_CASE("a length over the limit is refused before anybody needs memory for it") {
  CHECK(read(CommandWire::ready, "101", 100).state() == State::too_large);
  CHECK(read(CommandWire::ready, "100", 100).state() == State::announced);
  CHECK(read(CommandWire::i32, "\x65\0\0\0"s, 100).state() == State::too_large);
  CHECK(read(CommandWire::i32, "\x64\0\0\0"s, 100).state() == State::whole);
  CHECK(read(CommandWire::ready, "2147483648", SIZE_MAX).state() == State::too_large);
  CHECK(read(CommandWire::ready, "99999999999999999999", SIZE_MAX).state() == State::too_large);
}

TEST_CASE("the caller's ready is five bytes, and what follows is not taken") {
  for (std::size_t cut = 0; cut <= kReadyAnswer.size(); ++cut) {
    ReadyReader reader;
    CHECK(reader.take(as_bytes(kReadyAnswer.substr(0, cut))) == cut);
    CHECK(reader.take(as_bytes(std::string(kReadyAnswer.substr(cut)) + "ls")) ==
          kReadyAnswer.size() - cut);
    CHECK(reader.state() == ReadyReader::State::whole);
  }
  ReadyReader beginning;
  CHECK(beginning.take(as_bytes("rea"s)) == 3);
  CHECK(beginning.state() == ReadyReader::State::more);
}

TEST_CASE("anything else in place of ready is malformed at its first wrong byte") {
  for (const std::string_view text : {"Ready", "ls", "\n", "read\n", " ready"}) {
    CAPTURE(text);
    ReadyReader reader;
    CHECK(reader.take(as_bytes(text)) <= text.size());
    CHECK(reader.state() == ReadyReader::State::malformed);
  }
}

}  // namespace hotline::services
