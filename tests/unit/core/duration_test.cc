#include "hotline/core/duration.h"

#include <doctest/doctest.h>

namespace hotline::duration_test {
namespace {

using namespace std::chrono_literals;

std::string refusal(std::string_view text) {
  const auto duration = parse_duration(text);
  if (duration) return {};
  CHECK(duration.error().kind == ErrorKind::invalid_argument);
  CHECK(duration.error().hint() == "write 500ms, 60s, 2m or 1h; none is without limit");
  return duration.error().message();
}

}  // namespace

TEST_CASE("a duration is a whole number and its unit") {
  struct Form {
    std::string_view text;
    Duration duration;
  };
  constexpr Form kForms[] = {{"500ms", 500ms}, {"60s", 60s}, {"2m", 2min},        {"1h", 1h},
                             {"0s", 0s},       {"007s", 7s}, {"1ms", 1ms},        {"0h", 0s},
                             {"20us", 20us},   {"0us", 0s},  {"none", kNoTimeout}};
  for (const Form& form : kForms) {
    CAPTURE(form.text);
    const auto duration = parse_duration(form.text);
    REQUIRE(duration);
    CHECK(*duration == form.duration);
  }
}

TEST_CASE("the longest duration is ten years") {
  for (const std::string_view text :
       {"87648h", "5258880m", "315532800s", "315532800000ms", "315532800000000us"}) {
    CAPTURE(text);
    const auto duration = parse_duration(text);
    REQUIRE(duration);
    CHECK(*duration == 87648h);
  }
  for (const std::string_view text :
       {"87649h", "5258881m", "315532801s", "315532800001ms", "315532800000001us",
        "9223372036854775807h", "9223372036854775808ms"}) {
    CHECK(refusal(text) == "'" + std::string(text) + "' is not a duration: it is too long");
  }
}

TEST_CASE("a duration without a number is refused") {
  for (const std::string_view text :
       {"", "s", "-1s", "-0s", "+1s", " 1s", "none ", "None", ".5s"}) {
    CHECK(refusal(text) == "'" + std::string(text) + "' is not a duration: it has no number");
  }
}

TEST_CASE("a number needs its unit") {
  for (const std::string_view text : {"0", "1", "60"}) {
    CHECK(refusal(text) == "'" + std::string(text) + "' is not a duration: it has no unit");
  }
}

TEST_CASE("an unknown unit is refused") {
  for (const std::string_view text :
       {"1S", "1d", "1 s", "1s ", "1.5s", "1ns", "1h30m", "0x10s", "1,000ms", "1sec", "1mss"}) {
    CHECK(refusal(text) == "'" + std::string(text) + "' is not a duration: it has no such unit");
  }
}

TEST_CASE("a refused duration is shown escaped") {
  CHECK(refusal("\x1b[2J").starts_with("'\\x1b[2J' is"));
  CHECK(refusal("1\n").starts_with("'1\\n' is"));
}

TEST_CASE("a duration is shown in the largest unit that divides it") {
  CHECK(format_duration(1h) == "1h");
  CHECK(format_duration(60min) == "1h");
  CHECK(format_duration(90min) == "90m");
  CHECK(format_duration(60s) == "1m");
  CHECK(format_duration(61s) == "61s");
  CHECK(format_duration(1000ms) == "1s");
  CHECK(format_duration(1001ms) == "1001ms");
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(kNoTimeout) == "none");
}

TEST_CASE("fractions of a millisecond are not shown, and below one, those of a microsecond") {
  CHECK(format_duration(999us) == "999us");
  CHECK(format_duration(999ns) == "0s");
  CHECK(format_duration(1us + 999ns) == "1us");
  CHECK(format_duration(1s + 1ns) == "1s");
  CHECK(format_duration(1999us) == "1ms");
}

TEST_CASE("a duration that is shown parses to the same duration") {
  for (const Duration duration :
       {Duration(0), Duration(1ms), Duration(59s), Duration(3h), Duration(87648h), kNoTimeout}) {
    const auto parsed = parse_duration(format_duration(duration));
    REQUIRE(parsed);
    CHECK(*parsed == duration);
  }
}

}  // namespace hotline::duration_test
