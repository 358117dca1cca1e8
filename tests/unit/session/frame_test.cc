#include "session/frame.h"

#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "support/hex.h"

namespace hotline::session::frame_test {
namespace {

constexpr std::uint32_t kFrameMax = 65'536;

std::expected<FrameHeader, SessionFault> decode(std::string_view bytes,
                                                std::uint32_t frame_max = kFrameMax) {
  REQUIRE(bytes.size() >= kHeaderBytes);
  return decode_header(as_bytes(bytes).first<kHeaderBytes>(), frame_max);
}

std::string header_of(FrameHeader header) {
  std::string bytes;
  append_header(bytes, header);
  return bytes;
}

/// The code with which a header is refused; nullopt if it is not.
std::optional<SessionCode> refusal(FrameHeader header, std::uint32_t frame_max = kFrameMax) {
  const auto decoded = decode(header_of(header), frame_max);
  if (decoded) {
    CHECK(*decoded == header);
    return std::nullopt;
  }
  CHECK(!decoded.error().reason.empty());
  return decoded.error().code;
}

/// The same for a type and a length, on a stream or not.
std::optional<SessionCode> refusal(FrameType type, std::uint32_t length, SessionStreamId stream) {
  return refusal({.length = length, .type = static_cast<std::uint8_t>(type), .stream = stream});
}

/// Returns the payload of the only frame in `bytes`.
Bytes payload_of(std::string_view bytes) {
  const auto header = decode(bytes);
  REQUIRE(header);
  CHECK(bytes.size() == kHeaderBytes + header->length);
  return as_bytes(bytes).subspan(kHeaderBytes);
}

Hello a_hello() {
  return {.frame_max = 65'536,
          .streams_max = 256,
          .flow_credit = 65'536,
          .message_credit = 131'072,
          .flows_max = 3,
          .protocol = "command/1"};
}

std::string hello_bytes() {
  std::string bytes;
  append_hello(bytes, a_hello());
  return bytes;
}

/// The code with which a HELLO is refused whose payload has `replaced` at `at`.
std::optional<SessionCode> refusal_of_hello(std::size_t at, std::string_view replaced_hex) {
  std::string bytes = hello_bytes();
  const std::string replaced = test::from_hex(replaced_hex);
  bytes.replace(kHeaderBytes + at, replaced.size(), replaced);
  const auto hello = decode_hello(as_bytes(bytes).subspan(kHeaderBytes));
  if (hello) return std::nullopt;
  return hello.error().code;
}

constexpr auto kMalformed = SessionCode::malformed;

}  // namespace

TEST_CASE("each field of the header is where the page puts it") {
  const FrameHeader header{.length = 0x1234, .type = 0x41, .flags = 0x83, .stream = 0x01020304};
  CHECK(header_of(header) == test::from_hex("00001234418300000102030"
                                            "4"));
  CHECK(decode(header_of(header)) == header);
}

TEST_CASE("a header is refused if its length is over the limit by one") {
  CHECK(refusal({.length = kFrameMax, .type = 0x40, .stream = 1}) == std::nullopt);
  CHECK(refusal({.length = kFrameMax + 1, .type = 0x40, .stream = 1}) == SessionCode::too_large);
  CHECK(refusal({.length = 0xffffffff, .type = 0x40, .stream = 1}) == SessionCode::too_large);
  CHECK(refusal({.length = 0xffffffff, .type = 0x20, .stream = 1}) == SessionCode::too_large);
}

TEST_CASE("a header of type 0, or with reserved bits, is malformed") {
  CHECK(refusal({.length = 0, .type = 0, .stream = 0}) == kMalformed);
  std::string bytes = header_of({.type = 0x40, .stream = 1});
  for (const std::size_t at : {6U, 7U}) {
    std::string changed = bytes;
    changed[at] = 1;
    CHECK(decode(changed).error().code == kMalformed);
  }
}

TEST_CASE("frames of the session have no flag but the critical one, and messages have all") {
  CHECK(refusal({.length = 0, .type = 6, .flags = 0x80, .stream = 1}) == std::nullopt);
  CHECK(refusal({.length = 0, .type = 6, .flags = 0x01, .stream = 1}) == kMalformed);
  CHECK(refusal({.length = 0, .type = 6, .flags = 0x40, .stream = 1}) == kMalformed);
  CHECK(refusal({.length = 0, .type = 0xff, .flags = 0xff, .stream = 1}) == std::nullopt);
}

TEST_CASE("frames of the connection have stream 0, and frames of a stream have another") {
  using enum FrameType;
  for (const auto& [type, length] :
       {std::pair{hello, 31U}, {goodbye, 6U}, {ping, 8U}, {pong, 8U}}) {
    CHECK(refusal(type, length, 0) == std::nullopt);
    CHECK(refusal(type, length, 1) == kMalformed);
  }
  for (const auto& [type, length] : {std::pair{open, 2U},
                                     {accept, 0U},
                                     {data, 10U},
                                     {end, 9U},
                                     {credit, 5U},
                                     {reset, 2U},
                                     {message, 0U}}) {
    CHECK(refusal(type, length, 7) == std::nullopt);
    CHECK(refusal(type, length, 0) == kMalformed);
  }
}

TEST_CASE("each type has its shortest and its longest payload") {
  struct Limits {
    FrameType type;
    std::uint32_t shortest;
    std::uint32_t longest;
    SessionStreamId stream;
  };
  using enum FrameType;
  for (const Limits& each : {Limits{hello, 31, 4'096, 0},
                             {goodbye, 6, 518, 0},
                             {ping, 8, 8, 0},
                             {pong, 8, 8, 0},
                             {open, 2, kFrameMax, 1},
                             {accept, 0, kFrameMax, 1},
                             {data, 10, kFrameMax, 1},
                             {end, 9, 73, 1},
                             {credit, 5, 5, 1},
                             {reset, 2, 514, 1},
                             {message, 0, kFrameMax, 1}}) {
    CAPTURE(static_cast<int>(each.type));
    CHECK(refusal(each.type, each.shortest, each.stream) == std::nullopt);
    CHECK(refusal(each.type, each.longest, each.stream) == std::nullopt);
    if (each.shortest > 0) {
      CHECK(refusal(each.type, each.shortest - 1, each.stream) == kMalformed);
    }
    CHECK(refusal(each.type, each.longest + 1, each.stream) ==
          (each.longest == kFrameMax ? SessionCode::too_large : kMalformed));
  }
}

TEST_CASE("a type that is not known has any size, flags and stream") {
  for (const int type : {0x0b, 0x3f}) {
    const auto header = decode(header_of(
        {.length = 3, .type = static_cast<std::uint8_t>(type), .flags = 0x7f, .stream = 0}));
    REQUIRE(header);
    CHECK(!header->is_known());
    CHECK(!header->is_critical());
  }
}

TEST_CASE("each field of HELLO is where the page puts it") {
  CHECK(hello_bytes() == test::from_hex("00000027010000000000000068"
                                        "6f746c696e650a"
                                        "00010001"
                                        "00010000"
                                        "00000100"
                                        "00010000"
                                        "00020000"
                                        "03"
                                        "09636f6d6d616e642f31"));
  CHECK(decode_hello(payload_of(hello_bytes())) == a_hello());
}

TEST_CASE("bytes after the fields of HELLO are ignored") {
  const std::string longer = hello_bytes() + "later";
  CHECK(decode_hello(as_bytes(longer).subspan(kHeaderBytes)) == a_hello());
}

TEST_CASE("a HELLO with a value out of its range is malformed") {
  CHECK(refusal_of_hello(0, "00") == kMalformed);
  CHECK(refusal_of_hello(8, "0000") == kMalformed);       // Version 0.
  CHECK(refusal_of_hello(8, "0002") == kMalformed);       // Lowest above highest.
  CHECK(refusal_of_hello(10, "ffff") == std::nullopt);    // A later highest version.
  CHECK(refusal_of_hello(12, "000003ff") == kMalformed);  // frame_max.
  CHECK(refusal_of_hello(12, "00000400") == std::nullopt);
  CHECK(refusal_of_hello(12, "0001ffe0") == std::nullopt);  // With 32 the message_credit.
  CHECK(refusal_of_hello(12, "0001ffe1") == kMalformed);
  CHECK(refusal_of_hello(12, "0100000000000100000000004000000003") == std::nullopt);
  CHECK(refusal_of_hello(12, "0100000100000100000000004000000003") == kMalformed);
  CHECK(refusal_of_hello(12, "ffffffff") == kMalformed);
  CHECK(refusal_of_hello(16, "00010000") == std::nullopt);  // streams_max.
  CHECK(refusal_of_hello(16, "00010001") == kMalformed);
  CHECK(refusal_of_hello(20, "40000000") == std::nullopt);  // flow_credit.
  CHECK(refusal_of_hello(20, "40000001") == kMalformed);
  CHECK(refusal_of_hello(24, "40000000") == std::nullopt);  // message_credit.
  CHECK(refusal_of_hello(24, "40000001") == kMalformed);
  CHECK(refusal_of_hello(28, "08") == std::nullopt);  // flows_max.
  CHECK(refusal_of_hello(28, "09") == kMalformed);
}

TEST_CASE("the name of the protocol has 1 to 64 characters of a few kinds") {
  CHECK(refusal_of_hello(29, "00") == kMalformed);
  CHECK(refusal_of_hello(29, "0a") == kMalformed);  // More than there is.
  for (const std::string_view wrong : {"", "Command", "a b", "a\n", "\xc3\xa9"}) {
    Hello hello = a_hello();
    hello.protocol = wrong;
    CHECK(fault_in(hello).has_value());
  }
  Hello hello = a_hello();
  const std::string longest(kProtocolNameMax, 'a');
  hello.protocol = longest;
  CHECK(!fault_in(hello));
  const std::string longer = longest + "a";
  hello.protocol = longer;
  CHECK(fault_in(hello).has_value());
}

TEST_CASE("GOODBYE, PING and PONG have their fields where the page puts them") {
  std::string bytes;
  append_goodbye(bytes, {.code = SessionCode::drain, .last_stream = 5, .text = "bye"});
  CHECK(bytes == test::from_hex("00000009020000000000000000000000000562"
                                "7965"));
  const auto goodbye = decode_goodbye(payload_of(bytes));
  CHECK(goodbye == Goodbye{.code = SessionCode::drain, .last_stream = 5, .text = "bye"});

  bytes.clear();
  append_ping(bytes, FrameType::ping, 0x0102030405060708);
  CHECK(bytes == test::from_hex("0000000803000000000000000102030405060708"));
  CHECK(decode_ping(payload_of(bytes)) == 0x0102030405060708);
  bytes.clear();
  append_ping(bytes, FrameType::pong, 1);
  CHECK(bytes == test::from_hex("0000000804000000000000000000000000000001"));
}

TEST_CASE("a GOODBYE with a failure has no last stream") {
  std::string bytes;
  append_goodbye(bytes, {.code = SessionCode::flood, .last_stream = 0, .text = ""});
  CHECK(decode_goodbye(payload_of(bytes))->code == SessionCode::flood);
  bytes.back() = 1;
  CHECK(decode_goodbye(payload_of(bytes)).error().code == kMalformed);
}

TEST_CASE("OPEN, ACCEPT and messages have their fields where the page puts them") {
  std::string bytes;
  append_open(bytes, 3, {.from_opener = 1, .from_accepter = 2, .request = as_bytes("ls")});
  CHECK(bytes == test::from_hex("00000004050000000000000301026c73"));
  const Open open = decode_open(payload_of(bytes));
  CHECK(open.from_opener == 1);
  CHECK(open.from_accepter == 2);
  CHECK(as_text(open.request) == "ls");

  bytes.clear();
  append_frame(bytes, {.type = 6, .stream = 3}, as_bytes("ok"));
  CHECK(bytes == test::from_hex("0000000206000000000000036f6b"));
  bytes.clear();
  append_frame(bytes, {.type = 0x42, .flags = 0x81, .stream = 3}, {});
  CHECK(bytes == test::from_hex("000000004281000000000003"));
}

TEST_CASE("DATA, END, CREDIT and RESET have their fields where the page puts them") {
  std::string bytes;
  append_data_prefix(bytes, 9, {.flow = 2, .offset = 0x0102030405060708}, 3);
  CHECK(bytes == test::from_hex("0000000c0700000000000009020102030405060708"));
  CHECK(decode_data_prefix(as_bytes(bytes).subspan(kHeaderBytes)) ==
        DataPrefix{.flow = 2, .offset = 0x0102030405060708});

  bytes.clear();
  append_end(bytes, 9, {.flow = 1, .total = 258, .trailer = as_bytes("#")});
  CHECK(bytes == test::from_hex("0000000a080000000000000901000000000000010223"));
  const End end = decode_end(payload_of(bytes));
  CHECK(end.flow == 1);
  CHECK(end.total == 258);
  CHECK(as_text(end.trailer) == "#");

  bytes.clear();
  append_credit(bytes, 9, {.flow = 0xff, .bytes = 65'536});
  CHECK(bytes == test::from_hex("000000050900000000000009ff00010000"));
  CHECK(decode_credit(payload_of(bytes)) == Credit{.flow = 0xff, .bytes = 65'536});

  bytes.clear();
  append_reset(bytes, 9, {.code = ResetCode::cancelled, .text = "^C"});
  CHECK(bytes == test::from_hex("000000040a0000000000000900025e43"));
  CHECK(decode_reset(payload_of(bytes)) == Reset{.code = ResetCode::cancelled, .text = "^C"});
}

TEST_CASE("texts are cut to the longest that is allowed") {
  const std::string text(kSessionTextMax + 1, 'x');
  std::string bytes;
  append_reset(bytes, 1, {.code = ResetCode::failed, .text = text});
  CHECK(decode_reset(payload_of(bytes)).text.size() == kSessionTextMax);
  bytes.clear();
  append_goodbye(bytes, {.code = SessionCode::internal, .last_stream = 0, .text = text});
  CHECK(decode_goodbye(payload_of(bytes))->text.size() == kSessionTextMax);
}

}  // namespace hotline::session::frame_test
