#include "services/client_message.h"

#include <csignal>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "hotline/services/signal_name.h"

namespace hotline::services::client_message_test {
namespace {

CommandFault fault_of(unsigned type, std::string_view payload, std::uint8_t flags = 0) {
  const auto message =
      decode_client_message(static_cast<std::uint8_t>(type), flags, as_bytes(payload));
  REQUIRE_FALSE(message);
  CHECK(message.error().code == reset_code(CommandRefusal::malformed));
  return message.error();
}

void check_round_trip(const ClientMessage& message, unsigned type, std::string_view payload) {
  CHECK(static_cast<unsigned>(type_of(message)) == type);
  CHECK(encode_client_message(message) == payload);
  const auto decoded = decode_client_message(static_cast<std::uint8_t>(type), 0, as_bytes(payload));
  REQUIRE(decoded);
  CHECK(*decoded == message);
}

}  // namespace

TEST_CASE("messages of a client have the bytes of the page") {
  check_round_trip(SignalMessage{SIGTERM}, 0x40, "TERM");
  check_round_trip(ResizeMessage{{.columns = 0x0304, .rows = 0x0102}}, 0x41, "\x01\x02\x03\x04");
  check_round_trip(CancelMessage{}, 0x42, "");
  check_round_trip(DetachMessage{}, 0x43, "");
}

TEST_CASE("every signal with a name can be sent") {
  for (int number = 1; number < 32; ++number) {
    check_round_trip(SignalMessage{number}, 0x40, signal_name(number));
  }
}

TEST_CASE("other names of signals are malformed") {
  for (const std::string_view name : {"", "SIGTERM", "term", "15", "TERM ", "RTMIN"}) {
    CHECK(fault_of(0x40, name).text == "a message names no signal");
  }
}

TEST_CASE("a size that a terminal cannot have is malformed") {
  for (const std::size_t size : {0U, 3U, 5U}) {
    CHECK(fault_of(0x41, std::string(size, 'x')).text == "RESIZE has a wrong size");
  }
  for (const std::string_view bytes :
       {std::string_view("\0\0\0\1", 4), std::string_view("\0\1\0\0", 4),
        std::string_view("\0\0\0\0", 4)}) {
    CHECK(fault_of(0x41, bytes).text == "RESIZE has a size of 0");
  }
}

TEST_CASE("CANCEL and DETACH with a payload are malformed") {
  CHECK(fault_of(0x42, "x").text == "CANCEL and DETACH have no payload");
  CHECK(fault_of(0x43, "x").text == "CANCEL and DETACH have no payload");
}

TEST_CASE("messages of a server and others are malformed from a client") {
  for (const unsigned type : {0x44U, 0x45U, 0x46U, 0x80U, 0xffU, 0U, 0x3fU}) {
    CHECK(fault_of(type, "").text == "a client does not send messages of this type");
  }
}

TEST_CASE("a message with a flag is malformed") {
  for (unsigned type = 0x40; type < 0x44; ++type) {
    for (const unsigned flags : {1U, 2U, 0x40U, 0x7fU}) {
      CHECK(fault_of(type, "", static_cast<std::uint8_t>(flags)).text == "a message has a flag");
    }
  }
}

}  // namespace hotline::services::client_message_test
