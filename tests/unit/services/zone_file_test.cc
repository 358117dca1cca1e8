#include "services/zone_file.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::services::zone_file_test {
namespace {

using namespace std::string_literals;

std::string number(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[size - 1 - i] = static_cast<char>(value >> (8 * i) & 0xff);
  }
  return bytes;
}

/// A zone file, whose parts a test can change.
struct File {
  std::string block(std::size_t time_bytes) const {
    std::string bytes = "TZif" + std::string(1, version) + std::string(15, '\0');
    for (const std::size_t count :
         {utc_flags, standard_flags, leap_seconds, changes.size(), offsets.size(), names.size()}) {
      bytes += number(count, 4);
    }
    for (const std::int64_t each : changes) {
      bytes += number(static_cast<std::uint64_t>(each), time_bytes);
    }
    for (const int each : types_after) bytes += static_cast<char>(each);
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      bytes += number(static_cast<std::uint32_t>(offsets[i]), 4) + number(i % 2, 1) +
               number(name_indices[i], 1);
    }
    bytes += names + std::string(leap_seconds * (time_bytes + 4), '\0');
    return bytes + std::string(standard_flags + utc_flags, '\0');
  }

  std::string bytes() const {
    if (version == '\0') return block(4);
    return block(4) + block(8) + footer;
  }

  char version = '2';
  std::size_t utc_flags = 0;
  std::size_t standard_flags = 0;
  std::size_t leap_seconds = 0;
  std::vector<std::int64_t> changes = {1'000, 2'000, 3'000};
  std::vector<int> types_after = {1, 0, 1};
  std::vector<std::int32_t> offsets = {3'600, 7'200};
  std::vector<std::size_t> name_indices = {0, 4};
  std::string names = "CET\0CEST\0"s;
  std::string footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
};

Result<ZoneTable> decode(const File& file) { return decode_zone_file(as_bytes(file.bytes())); }

std::string name_at(const Result<ZoneTable>& table, std::int64_t time) {
  REQUIRE(table.has_value());
  return table->at(time).abbreviation;
}

std::string refusal(const Result<ZoneTable>& table) {
  return table ? "no refusal" : table.error().detail;
}

}  // namespace

TEST_CASE("each change holds from its second on, and the first type before all changes") {
  const auto table = decode({.footer = "\n\n"});
  CHECK(name_at(table, -1'000'000'000'000) == "CET");
  CHECK(name_at(table, 999) == "CET");
  CHECK(name_at(table, 1'000) == "CEST");
  CHECK(name_at(table, 1'999) == "CEST");
  CHECK(name_at(table, 2'000) == "CET");
  CHECK(name_at(table, 3'000) == "CEST");
  CHECK(table->at(3'000) == LocalTimeType{7'200, true, "CEST"});
}

TEST_CASE(
    "after the last change the rule at the end of the file applies; without one, the last type") {
  const auto ruled = decode({});
  CHECK(name_at(ruled, 2'999) == "CET");
  CHECK(name_at(ruled, 3'000) == "CET");
  CHECK(name_at(ruled, 1'783'000'000) == "CEST");
  CHECK(name_at(decode({.footer = "\n\n"}), 4'000'000'000) == "CEST");
}

TEST_CASE("a file without changes has one time, or its rule") {
  const File file{.changes = {}, .types_after = {}, .footer = "\n\n"};
  CHECK(name_at(decode(file), 0) == "CET");
  const File ruled{.changes = {}, .types_after = {}, .footer = "\nABC-2\n"};
  CHECK(name_at(decode(ruled), 0) == "ABC");
}

TEST_CASE("a file of the first version has times of 32 bits, which are signed, and no rule") {
  const File file{.version = '\0', .changes = {-2'000, 0, 3'000}};
  CHECK(name_at(decode(file), -2'001) == "CET");
  CHECK(name_at(decode(file), -2'000) == "CEST");
  CHECK(name_at(decode(file), 4'000'000'000) == "CEST");
}

TEST_CASE("later versions use the second block, with times of 64 bits") {
  for (const char version : {'2', '3', '4'}) {
    const File file{.version = version, .changes = {-5'000'000'000, 0, 3'000}};
    CHECK(name_at(decode(file), -5'000'000'001) == "CET");
    CHECK(name_at(decode(file), -5'000'000'000) == "CEST");
  }
}

TEST_CASE("flags of standard time and of UTC are skipped") {
  CHECK(name_at(decode({.utc_flags = 2, .standard_flags = 2}), 1'000) == "CEST");
}

TEST_CASE("every shorter file is refused") {
  for (const char version : {'\0', '2'}) {
    const std::string bytes = File{.version = version}.bytes();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(decode_zone_file(as_bytes(bytes).first(size)).has_value());
    }
    CHECK(decode_zone_file(as_bytes(bytes)).has_value());
  }
}

TEST_CASE("a malformed file is refused with what is wrong") {
  CHECK(refusal(decode_zone_file({})).contains("not a file of the time zone database"));
  CHECK(refusal(decode({.leap_seconds = 1})).contains("leap seconds"));
  CHECK(refusal(decode({.changes = {2'000, 1'000, 3'000}})).contains("out of order"));
  CHECK(refusal(decode({.types_after = {1, 2, 1}})).contains("refers to a time that it lacks"));
  CHECK(refusal(decode({.types_after = {1, -1, 1}})).contains("refers to a time that it lacks"));
  CHECK(refusal(decode({.name_indices = {0, 9}})).contains("has no name"));
  CHECK(refusal(decode({.name_indices = {0, 255}})).contains("has no name"));
  CHECK(refusal(decode({.name_indices = {0, 3}})).contains("has no name"));
  CHECK(refusal(decode({.names = "CET\0CEST"s})).contains("has no name"));
  CHECK(refusal(decode({.names = "CET\0C%sT\0"s})).contains("has no name"));
  CHECK(refusal(decode({.offsets = {3'600, 93'601}})).contains("26 hours"));
  CHECK(refusal(decode({.offsets = {3'600, INT32_MIN}})).contains("26 hours"));
  CHECK(refusal(decode({.footer = "\nnonsense\n"})).contains("rule"));
  CHECK(refusal(decode({.footer = "CET-1\n"})).contains("too early"));
  CHECK(refusal(decode({.changes = {}, .types_after = {}, .offsets = {}, .name_indices = {}}))
            .contains("no local time"));
  CHECK(refusal(decode_zone_file(as_bytes(std::string(kZoneFileBytesMax + 1, 'T'))))
            .contains("too long"));
}

TEST_CASE("counts that no file can have are refused without their memory") {
  std::string bytes = File().bytes();
  for (std::size_t i = 20; i < 44; ++i) bytes[i] = '\xff';
  CHECK_FALSE(decode_zone_file(as_bytes(bytes)).has_value());
  std::string first = File{.version = '\0'}.bytes();
  for (std::size_t i = 32; i < 44; ++i) first[i] = '\xff';
  CHECK_FALSE(decode_zone_file(as_bytes(first)).has_value());
}

}  // namespace hotline::services::zone_file_test
