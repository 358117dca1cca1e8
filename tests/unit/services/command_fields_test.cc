#include "services/command_fields.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/hex.h"

namespace hotline::services::command_fields_test {
namespace {

using namespace std::chrono_literals;
using test::raw_field;
using test::raw_number;

constexpr ResetCode kMalformed = reset_code(CommandRefusal::malformed);

/// Takes the only field of `bytes` by `take`, and returns the fault of the reader.
template <typename Take>
CommandFault fault_of(std::string_view bytes, Take take) {
  FieldReader reader(as_bytes(bytes));
  while (reader.next()) take(reader);
  REQUIRE(reader.fault());
  CHECK_FALSE(reader.next());
  return *reader.fault();
}

void check_malformed(const CommandFault& fault, std::string_view text) {
  CHECK(fault.code == kMalformed);
  CHECK(fault.text == text);
}

}  // namespace

TEST_CASE("a field is a tag, a length and a value") {
  std::string bytes;
  FieldWriter writer(bytes);
  writer.put(CommandField::label, "ab");
  writer.put_flag(CommandField::input);
  writer.put_number(CommandField::pid, std::uint32_t{0x01020304});
  writer.put_number(CommandField::output_max, std::uint64_t{0x0102030405060708});
  CHECK(bytes == test::from_hex("01000000026162"
                                "8900000000"
                                "020000000401020304"
                                "86000000080102030405060708"));
}

TEST_CASE("fields are read as they were written") {
  std::string bytes;
  FieldWriter writer(bytes);
  writer.put(CommandField::label, "");
  writer.put_number(CommandField::on_excess, std::uint8_t{1});
  writer.put_number(CommandField::output_max, ~std::uint64_t{0});
  FieldReader reader(as_bytes(bytes));
  REQUIRE(reader.next());
  CHECK(reader.field() == CommandField::label);
  CHECK(reader.text(0, 5).empty());
  REQUIRE(reader.next());
  CHECK(reader.number<std::uint8_t>() == 1);
  REQUIRE(reader.next());
  CHECK(reader.number<std::uint64_t>() == ~std::uint64_t{0});
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.fault());
}

TEST_CASE("an empty input has no field") {
  FieldReader reader(Bytes{});
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.fault());
}

TEST_CASE("a field that is cut off is malformed, at every byte") {
  const std::string bytes = raw_field(0x01, "abc");
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const CommandFault fault = fault_of(bytes.substr(0, size), [](FieldReader&) { FAIL("taken"); });
    check_malformed(fault, size < 5 ? "a field is cut off" : "the field label is cut off");
  }
}

TEST_CASE("a length over what is left is malformed, up to the longest") {
  for (const std::uint64_t length : {4U, 0x7fffffffU, 0xffffffffU}) {
    const std::string bytes = "\x01" + raw_number(length, 4) + "abc";
    check_malformed(fault_of(bytes, [](FieldReader&) { FAIL("taken"); }),
                    "the field label is cut off");
  }
}

TEST_CASE("a number of a wrong size is malformed") {
  for (const std::size_t size : {0U, 1U, 3U, 5U, 7U, 8U, 9U}) {
    const auto fault = fault_of(raw_field(0x02, std::string(size, 'x')),
                                [](FieldReader& reader) { reader.number<std::uint32_t>(); });
    check_malformed(fault, "the field pid has a wrong size");
  }
}

TEST_CASE("an array of a wrong size is malformed") {
  for (const std::size_t size : {0U, 15U, 17U}) {
    const auto fault = fault_of(raw_field(0x8d, std::string(size, 'x')),
                                [](FieldReader& reader) { reader.array<16>(); });
    check_malformed(fault, "the field job has a wrong size");
  }
}

TEST_CASE("a flag with a value is malformed") {
  check_malformed(fault_of(raw_field(0x89, "x"), [](FieldReader& reader) { reader.flag(); }),
                  "the field input has a wrong size");
}

TEST_CASE("a text has a least and a greatest size") {
  for (const std::size_t size : {1U, 5U}) {
    const auto fault = fault_of(raw_field(0x01, std::string(size, 'x')),
                                [](FieldReader& reader) { reader.text(2, 4); });
    check_malformed(fault, "the field label has a wrong size");
  }
  for (const std::size_t size : {2U, 4U}) {
    const std::string bytes = raw_field(0x01, std::string(size, 'x'));
    FieldReader reader(as_bytes(bytes));
    REQUIRE(reader.next());
    CHECK(reader.text(2, 4).size() == size);
    CHECK_FALSE(reader.fault());
  }
}

TEST_CASE("a field that may not be repeated is malformed the second time") {
  const std::string twice = raw_field(0x01, "a") + raw_field(0x02, "abcd") + raw_field(0x01, "a");
  const auto take = [](FieldReader& reader) {
    if (reader.field() == CommandField::label) reader.text(0, 9);
  };
  check_malformed(fault_of(twice, take), "the field label appears twice");
}

TEST_CASE("a field that may be repeated is read each time") {
  const std::string bytes = raw_field(0x81, "a") + raw_field(0x81, "") + raw_field(0x81, "a");
  FieldReader reader(as_bytes(bytes));
  std::string read;
  while (reader.next()) read += std::string(reader.repeated_text(0, 9)) + ",";
  CHECK(read == "a,,a,");
  CHECK_FALSE(reader.fault());
}

TEST_CASE("an unknown field is skipped unless it is critical") {
  for (unsigned tag = 0; tag < 256; ++tag) {
    const std::string bytes = raw_field(tag, "abc") + raw_field(tag, "") + raw_field(0x01, "x");
    FieldReader reader(as_bytes(bytes));
    int fields = 0;
    for (; reader.next(); ++fields) reader.skip();
    CAPTURE(tag);
    CHECK(fields == (tag < 0x80 ? 3 : 1));
    REQUIRE(reader.fault().has_value() == (tag >= 0x80));
    if (tag >= 0x80) CHECK(reader.fault()->code == ResetCode::unsupported);
  }
}

TEST_CASE("an unknown field is shown by its tag") {
  const auto skip = [](FieldReader& reader) { reader.skip(); };
  CHECK(fault_of(raw_field(0xfe, "x"), skip).text == "the field fe is not supported here");
  CHECK(fault_of(raw_field(0x81, "x"), skip).text == "the field word is not supported here");
  check_malformed(fault_of("\x7f", skip), "a field is cut off");
  check_malformed(fault_of("\x7f" + raw_number(1, 4), skip), "the field 7f is cut off");
}

TEST_CASE("the first fault stays") {
  const auto fault = fault_of(raw_field(0x01, "a"), [](FieldReader& reader) {
    reader.refuse("is first");
    reader.refuse("is second");
  });
  check_malformed(fault, "the field label is first");
}

TEST_CASE("durations are rounded up to their unit") {
  const auto written = [](auto put, Duration duration) {
    std::string bytes;
    FieldWriter writer(bytes);
    (writer.*put)(CommandField::timeout, duration);
    return bytes.substr(5);
  };
  const auto milliseconds = &FieldWriter::put_milliseconds;
  CHECK(written(milliseconds, 0ns) == raw_number(0, 8));
  CHECK(written(milliseconds, 1ns) == raw_number(1, 8));
  CHECK(written(milliseconds, 1ms) == raw_number(1, 8));
  CHECK(written(milliseconds, 1ms + 1ns) == raw_number(2, 8));
  CHECK(written(milliseconds, -5ms) == raw_number(0, 8));
  CHECK(written(&FieldWriter::put_microseconds, 1us + 1ns) == raw_number(2, 8));
  CHECK(written(milliseconds, kCommandTimeMax) == raw_number(3'153'600'000'000, 8));
}

TEST_CASE("durations are read up to the longest one") {
  const auto read = [](std::uint64_t count, auto take) {
    const std::string bytes = raw_field(0x85, raw_number(count, 8));
    FieldReader reader(as_bytes(bytes));
    REQUIRE(reader.next());
    const Duration duration = (reader.*take)();
    if (reader.fault()) check_malformed(*reader.fault(), "the field timeout is too long");
    return reader.fault() ? Duration(-1) : duration;
  };
  constexpr std::uint64_t kMost = 3'153'600'000'000;
  CHECK(read(1'500, &FieldReader::milliseconds) == 1'500ms);
  CHECK(read(kMost, &FieldReader::milliseconds) == kCommandTimeMax);
  CHECK(read(kMost + 1, &FieldReader::milliseconds) == Duration(-1));
  CHECK(read(~std::uint64_t{0}, &FieldReader::milliseconds) == Duration(-1));
  CHECK(read(7, &FieldReader::microseconds) == 7us);
  CHECK(read(kMost * 1'000, &FieldReader::microseconds) == kCommandTimeMax);
  CHECK(read(kMost * 1'000 + 1, &FieldReader::microseconds) == Duration(-1));
}

TEST_CASE("times are nanoseconds since 1970") {
  using WallTime = FieldWriter::WallTime;
  std::string bytes;
  FieldWriter writer(bytes);
  writer.put_time(CommandField::started, WallTime(5ns));
  writer.put_time(CommandField::ended, WallTime(-5ns));
  CHECK(bytes == raw_field(0x03, raw_number(5, 8)) + raw_field(0x04, raw_number(0, 8)));
  FieldReader reader(as_bytes(bytes));
  REQUIRE(reader.next());
  CHECK(reader.time() == WallTime(5ns));
}

TEST_CASE("a time beyond the clock is malformed") {
  const auto take = [](FieldReader& reader) { reader.time(); };
  check_malformed(fault_of(raw_field(0x03, raw_number(1ULL << 63, 8)), take),
                  "the field started is too late");
  const std::string last = raw_field(0x03, raw_number((1ULL << 63) - 1, 8));
  FieldReader reader(as_bytes(last));
  REQUIRE(reader.next());
  CHECK(reader.time() == FieldReader::WallTime::max());
  CHECK_FALSE(reader.fault());
}

}  // namespace hotline::services::command_fields_test
