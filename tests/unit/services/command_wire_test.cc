#include "services/command_wire.h"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "hotline/framing/codec.h"

namespace hotline::services::command_wire_test {
namespace {

using namespace std::string_literals;

Completed completed(std::string output, std::string error) {
  return {.end = {.exit_status = 3}, .output = std::move(output), .error = std::move(error)};
}

/// Returns what precedes a reply of that size, without any content.
std::string header(CommandWire wire, std::size_t size) {
  static const std::byte kNone{};
  const Framing framing = framing_of(wire);
  const auto envelope = encode(framing, Bytes(&kNone, size));
  REQUIRE(envelope);
  CHECK(envelope->trailer().empty());
  return std::string(as_text(envelope->header()));
}

}  // namespace

TEST_CASE("the reply is standard error, otherwise standard output, otherwise a word of success") {
  CHECK(reply_of(completed("out", "err")) == "err");
  CHECK(reply_of(completed("out", "")) == "out");
  CHECK(reply_of(completed("", "err")) == "err");
  CHECK(reply_of(completed("", "")) == "\xe6\x93\x8d\xe4\xbd\x9c\xe6\x88\x90\xe5\x8a\x9f");
}

TEST_CASE("a signal is not a success if nothing was written") {
  const auto killed = [](std::string output, std::string error) {
    return Completed{.end = {.exit_status = -1, .signal = 9},
                     .output = std::move(output),
                     .error = std::move(error)};
  };
  CHECK(has_silently_died(killed("", "")));
  CHECK_FALSE(has_silently_died(killed("out", "")));
  CHECK_FALSE(has_silently_died(killed("", "err")));
  CHECK_FALSE(has_silently_died(completed("", "")));
}

TEST_CASE("a reply is framed as by the course's servers") {
  CHECK(header(CommandWire::plain, 12).empty());
  CHECK(header(CommandWire::ready, 12) == "12");
  CHECK(header(CommandWire::ready, 2'097'152) == "2097152");
  CHECK(header(CommandWire::i32, 12) == "\x0c\0\0\0"s);
  CHECK(header(CommandWire::i32, 0x01020304) == "\x04\x03\x02\x01"s);
  CHECK(header(CommandWire::i32, kReplyMax) == "\xff\xff\xff\x7f"s);
}

TEST_CASE("no reply is longer than every wire can express") {
  CHECK(framing_of(CommandWire::i32, 100).frame_max == 100);
  CHECK(framing_of(CommandWire::ready, SIZE_MAX).frame_max == kReplyMax);
  CHECK(framing_of(CommandWire::ready).frame_max == kReplyMax);
}

}  // namespace hotline::services::command_wire_test
