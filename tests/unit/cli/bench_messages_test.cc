#include "cli/bench_messages.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::bench_messages_test {
namespace {

Endpoint endpoint(std::string_view uri = "tcp://127.0.0.1:1") {
  return Endpoint::parse(uri).value();
}

BenchMessages made(const BenchOptions& options, std::string_view framing = "raw") {
  return BenchMessages::make(options, endpoint(), Framing::parse(framing).value()).value();
}

std::string text(Bytes bytes) { return std::string(as_text(bytes)); }

}  // namespace

TEST_CASE("messages that are made up have their size and differ from each other") {
  const BenchMessages messages = made({.bytes = 64});
  CHECK(messages.size() == 61);
  CHECK(messages.bytes() == 64);
  CHECK(text(messages.payload(0)) != text(messages.payload(1)));
  CHECK(text(messages.payload(0)) == text(messages.payload(61)));
  CHECK(text(messages.wire(3)) == text(messages.payload(3)));
  CHECK(made({}).bytes() == 64);
  CHECK(made({.bytes = 1}).bytes() == 1);
}

TEST_CASE("few long messages are made up") {
  CHECK(made({.bytes = 128 * 1024}).size() == 2);
  CHECK(made({.bytes = std::size_t{1} << 20}).size() == 2);
}

TEST_CASE("a framing is put around each message, and its marks are not in it") {
  for (const char* framing : {"lines", "delimiter=Az%00", "u16be", "netstring", "mp", "varint"}) {
    CAPTURE(framing);
    const BenchMessages messages = made({.bytes = 300}, framing);
    CHECK(messages.wire(1).size() > 300);
  }
  const BenchMessages lines = made({.bytes = 300}, "lines");
  for (std::uint64_t i = 0; i < lines.size(); ++i) {
    CHECK(text(lines.payload(i)).find_first_of("\r\n") == std::string::npos);
  }
  const BenchMessages delimited = made({.bytes = 300}, "delimiter=A");
  for (std::uint64_t i = 0; i < delimited.size(); ++i) {
    CHECK(text(delimited.payload(i)).find_first_of("aA") == std::string::npos);
  }
}

TEST_CASE("with a fixed size of messages, that is the size unless another is given") {
  CHECK(made({}, "fixed=12").bytes() == 12);
  CHECK_FALSE(BenchMessages::make({.bytes = 5}, endpoint(), Framing::parse("fixed=12").value()));
}

TEST_CASE("the reply to a message is its upper case, itself, or anything") {
  const BenchMessages upper = made({.message = "stra\xc3\x9f"
                                               "e"});
  CHECK(upper.size() == 1);
  CHECK(upper
            .fault_of(9, as_bytes("STRA\xc3\x9f"
                                  "E"))
            .empty());
  CHECK(upper.fault_of(0, as_bytes("STRA\xc3\x9f"
                                   "e")) == "byte 7 of 7 is 0x65, not 0x45");
  CHECK(upper.fault_of(0, as_bytes("STRA")) == "it has 4 bytes, not 7");
  CHECK(upper.fault_of(0, as_bytes("STRA\xc3\x9f"
                                   "EE")) == "it has 8 bytes, not 7");
  const BenchMessages echo = made({.expected = ExpectedReply::echo, .message = "ab"});
  CHECK(echo.fault_of(0, as_bytes("ab")).empty());
  CHECK_FALSE(echo.fault_of(0, as_bytes("AB")).empty());
  const BenchMessages any = made({.expected = ExpectedReply::any, .message = "ab"});
  CHECK(any.fault_of(0, as_bytes("")).empty());
}

TEST_CASE("bytes that are skipped are not compared") {
  const BenchMessages messages = made({.message = "12345678x"});
  CHECK(messages.fault_of(0, as_bytes("????????X"), 8).empty());
  CHECK(messages.fault_of(0, as_bytes("????????x"), 8) == "byte 9 of 9 is 0x78, not 0x58");
}

TEST_CASE("a message that cannot be sent is refused") {
  const auto refused = [](const char* message, const char* framing) {
    const auto made =
        BenchMessages::make({.message = message}, endpoint(), Framing::parse(framing).value());
    return !made && made.error().kind == ErrorKind::invalid_argument;
  };
  CHECK(refused("", "raw"));
  CHECK(refused("a\nb", "lines"));
  CHECK_FALSE(refused("", "u32be"));
  CHECK(BenchMessages::make({.message = ""}, endpoint("udp://127.0.0.1:1"), {}));
}

}  // namespace hotline::cli::bench_messages_test
