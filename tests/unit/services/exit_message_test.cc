#include "services/exit_message.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/hex.h"

namespace hotline::services::exit_message_test {
namespace {

using namespace std::chrono_literals;
using test::raw_field;
using test::raw_number;

std::string fixed(unsigned kind, std::uint64_t value) {
  return raw_number(kind, 1) + raw_number(value, 4);
}

CommandFault fault_of(std::string_view bytes) {
  const auto exit = decode_exit(as_bytes(bytes));
  REQUIRE_FALSE(exit);
  return exit.error();
}

}  // namespace

TEST_CASE("every exit is decoded to what was encoded") {
  std::vector<CommandExit> exits{test::full_exit(), CommandExit{}};
  for (unsigned kind = 0; kind < 7; ++kind) {
    const bool has_value = kind < 2;
    exits.push_back({.kind = static_cast<ExitKind>(kind), .value = has_value ? 1 : 0});
  }
  for (const int value : {0, 1, 254, 255})
    exits.push_back({.kind = ExitKind::code, .value = value});
  exits.push_back({.kind = ExitKind::signal, .value = 127});
  for (const CommandExit& each : exits) {
    const auto decoded = decode_exit(as_bytes(encode_exit(each)));
    REQUIRE(decoded);
    CHECK(*decoded == each);
  }
}

TEST_CASE("the bytes of an exit are those of the page") {
  CHECK(encode_exit({.kind = ExitKind::code, .value = 3}) == test::from_hex("0000000003"));
  CHECK(encode_exit({.kind = ExitKind::signal, .value = 9, .is_held = true, .text = "KILL"}) ==
        test::from_hex("0100000009"
                       "0900000000"
                       "0b000000044b494c4c"));
  CHECK(encode_exit({.kind = ExitKind::timed_out, .is_truncated = true}) ==
        test::from_hex("0200000000"
                       "9300000000"));
}

TEST_CASE("an exit shorter than its kind and value is malformed") {
  for (std::size_t size = 0; size < 5; ++size) {
    CHECK(fault_of(std::string(size, '\0')).text == "the exit is cut off");
  }
}

TEST_CASE("an exit of an unknown kind is malformed, and so is one that only a client makes") {
  for (unsigned kind = 7; kind < 256; ++kind) {
    CHECK(fault_of(fixed(kind, 0)).text == "the exit has an unknown kind");
  }
  CHECK_FALSE(decode_exit(as_bytes(encode_exit({.kind = ExitKind::could_not_start}))));
}

TEST_CASE("each kind of exit has its values") {
  const std::uint64_t values[] = {0, 1, 127, 128, 255, 256, 0x80000000, 0xffffffff};
  for (unsigned kind = 0; kind < 7; ++kind) {
    for (const std::uint64_t value : values) {
      const bool is_valid = kind == 0   ? value <= 255
                            : kind == 1 ? value >= 1 && value <= 127
                                        : value == 0;
      CAPTURE(kind);
      CAPTURE(value);
      CHECK(decode_exit(as_bytes(fixed(kind, value))).has_value() == is_valid);
    }
  }
  CHECK(fault_of(fixed(0, 256)).text == "the exit has a wrong value");
}

TEST_CASE("usage is there as a whole or not at all") {
  const std::string fields[] = {raw_field(0x06, raw_number(1, 8)),
                                raw_field(0x07, raw_number(2, 8)),
                                raw_field(0x08, raw_number(3, 8))};
  for (unsigned which = 1; which < 7; ++which) {
    std::string bytes = fixed(0, 0);
    for (unsigned i = 0; i < 3; ++i) {
      if ((which >> i & 1) != 0) bytes += fields[i];
    }
    CHECK(fault_of(bytes).text == "the exit has a part of the usage only");
  }
  const auto exit = decode_exit(as_bytes(fixed(0, 0) + fields[2] + fields[0] + fields[1]));
  REQUIRE(exit);
  CHECK(exit->usage == CommandUsage{1us, 2us, 3});
}

TEST_CASE("only a signal dumps a core") {
  CHECK(decode_exit(as_bytes(fixed(1, 6) + raw_field(0x0a, ""))).has_value());
  CHECK(fault_of(fixed(0, 6) + raw_field(0x0a, "")).text == "the exit has a core without a signal");
}

TEST_CASE("each field of an exit appears once and has its size") {
  struct Case {
    unsigned tag;
    std::size_t size;
  };
  for (const auto [tag, size] :
       {Case{0x03, 8}, Case{0x04, 8}, Case{0x05, 8}, Case{0x06, 8}, Case{0x07, 8}, Case{0x08, 8},
        Case{0x09, 0}, Case{0x0a, 0}, Case{0x93, 0}, Case{0x0b, 512}}) {
    CAPTURE(tag);
    const std::string field = raw_field(tag, std::string(size, '\0'));
    CHECK(fault_of(fixed(1, 1) + field + field).text.ends_with("appears twice"));
    CHECK(fault_of(fixed(1, 1) + raw_field(tag, std::string(size + 1, '\0')))
              .text.ends_with("has a wrong size"));
  }
}

TEST_CASE("a long text is cut when it is sent") {
  const std::string bytes = encode_exit({.kind = ExitKind::lost, .text = std::string(600, 'x')});
  const auto decoded = decode_exit(as_bytes(bytes));
  REQUIRE(decoded);
  CHECK(decoded->text == std::string(512, 'x'));
}

TEST_CASE("an exit that is cut off is malformed or another one, at every byte") {
  const std::string bytes = encode_exit(test::full_exit());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_exit(as_bytes(std::string_view(bytes).substr(0, size)));
    if (decoded) CHECK(*decoded != test::full_exit());
  }
}

TEST_CASE("a later version may add to an exit what may be skipped, and nothing else") {
  CHECK(decode_exit(as_bytes(fixed(0, 0) + raw_field(0x7f, "new"))).has_value());
  CHECK(fault_of(fixed(0, 0) + raw_field(0xff, "new")).code == ResetCode::unsupported);
}

}  // namespace hotline::services::exit_message_test
