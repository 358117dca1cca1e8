#include "cli/option_values.h"

#include <doctest/doctest.h>

namespace hotline::cli::option_values_test {
namespace {

using namespace std::chrono_literals;

Arguments with(const std::string& option, const std::string& value) {
  return {.options = {{option, value}}};
}

}  // namespace

TEST_CASE("an option that was not given leaves its value alone") {
  Duration duration = 5s;
  std::optional<std::size_t> count = 7;
  CHECK(read_duration({}, "--linger", duration));
  CHECK(read_limit({}, "--linger", duration));
  CHECK(read_count({}, "--count", count));
  CHECK(duration == 5s);
  CHECK(count == 7);
  CHECK(read_controls({}) == Controls::escaped);
}

TEST_CASE("the names of choices are in their order") {
  constexpr Choice kChoices[] = {{"b", "b", "one"}, {"a", "a", "another"}};
  CHECK(names_of(kChoices) == std::vector<std::string>{"b", "a"});
}

TEST_CASE("a duration may be 0 or none, a limit of time may not be 0") {
  Duration duration{};
  CHECK(read_duration(with("--x", "0s"), "--x", duration));
  CHECK(duration == 0s);
  CHECK_FALSE(read_limit(with("--x", "0s"), "--x", duration));
  CHECK(read_limit(with("--x", "none"), "--x", duration));
  CHECK(duration == kNoTimeout);
}

TEST_CASE("a number is from 1 up, in decimal digits alone") {
  std::optional<std::size_t> count = 0;
  CHECK(read_count(with("--x", "18446744073709551615"), "--x", count));
  CHECK(count == 18446744073709551615U);
  for (const std::string text :
       {"0", "-1", "+1", "", " 1", "1 ", "1k", "0x1", "18446744073709551616"}) {
    const auto read = read_count(with("--x", text), "--x", count);
    REQUIRE_FALSE(read);
    CHECK(read.error().message() == "--x: '" + text + "' is not a number from 1 up");
  }
}

TEST_CASE("a number of bytes may have a unit") {
  std::optional<std::uint64_t> bytes;
  CHECK(read_bytes({}, "--x", bytes));
  CHECK_FALSE(bytes);
  const std::pair<std::string, std::uint64_t> right[] = {
      {"1", 1}, {"1024", 1024}, {"64KiB", 65'536}, {"2MiB", 2'097'152}, {"1GiB", 1'073'741'824}};
  for (const auto& [text, value] : right) {
    CHECK(read_bytes(with("--x", text), "--x", bytes));
    CHECK(bytes == value);
  }
  for (const std::string text : {"0", "-1", "", "KiB", "1K", "1kib", "1 KiB", "1.5MiB",
                                 "4611686018427387905", "4294967297GiB", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(read_bytes(with("--x", text), "--x", bytes));
  }
}

}  // namespace hotline::cli::option_values_test
