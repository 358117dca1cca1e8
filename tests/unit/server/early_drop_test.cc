#include "hotline/server/early_drop.h"

#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::early_drop_test {
namespace {

constexpr EarlyDrop kLimit{.start = 10, .percent = 30, .full = 100};

}  // namespace

TEST_CASE("below the start no caller is refused, and from the limit on every one") {
  CHECK(kLimit.chance_to_refuse(0) == 0);
  CHECK(kLimit.chance_to_refuse(9) == 0);
  CHECK(kLimit.chance_to_refuse(10) == 3'000);
  CHECK(kLimit.chance_to_refuse(99) < EarlyDrop::kCertain);
  CHECK(kLimit.chance_to_refuse(100) == EarlyDrop::kCertain);
  CHECK(kLimit.chance_to_refuse(101) == EarlyDrop::kCertain);
  CHECK(kLimit.chance_to_refuse(std::size_t(-1)) == EarlyDrop::kCertain);
}

TEST_CASE("between the start and the limit the chance grows by the same step for each caller") {
  // Each of 90 callers adds a 90th of the 70 percent that are left.
  CHECK(kLimit.chance_to_refuse(55) == 6'500);
  CHECK(kLimit.chance_to_refuse(19) == 3'700);
  CHECK(kLimit.chance_to_refuse(28) == 4'400);
  CHECK(kLimit.chance_to_refuse(91) == 9'300);
  for (std::size_t count = 10; count < 100; ++count) {
    const std::uint32_t step = kLimit.chance_to_refuse(count + 1) - kLimit.chance_to_refuse(count);
    CHECK(step >= 77);
    CHECK(step <= 78);
  }
}

TEST_CASE("a limit whose start is its end, or whose percentage is 100, leaves nothing to chance") {
  const EarlyDrop fixed{.start = 5, .percent = 30, .full = 5};
  CHECK(fixed.chance_to_refuse(4) == 0);
  CHECK(fixed.chance_to_refuse(5) == EarlyDrop::kCertain);
  const EarlyDrop certain{.start = 5, .percent = 100, .full = 10};
  CHECK(certain.chance_to_refuse(4) == 0);
  for (std::size_t count = 5; count < 11; ++count) {
    CHECK(certain.chance_to_refuse(count) == EarlyDrop::kCertain);
  }
}

TEST_CASE("a limit is three numbers with colons, and is written in the same way") {
  for (const std::string text :
       {"10:30:100", "1:1:1", "1:100:18446744073709551615", "250:30:1000"}) {
    const auto parsed = EarlyDrop::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->to_string() == text);
  }
  CHECK(*EarlyDrop::parse("10:30:100") == kLimit);
  CHECK(EarlyDrop().to_string() == "250:30:1000");
}

TEST_CASE("what is not three numbers is refused with the form") {
  for (const std::string text :
       {"", ":", "::", "10", "10:30", "10:30:", ":30:100", "10::100", "10:30:100:", "10:30:100:1",
        "-1:30:100", "+1:30:100", "10:30:100 ", " 10:30:100", "10:30%:100", "a:b:c", "10,30,100",
        "1e1:30:100", "10:30:18446744073709551616"}) {
    CAPTURE(text);
    const auto parsed = EarlyDrop::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid_argument);
    CHECK(parsed.error().message() ==
          "cannot use the limit '" + text + "': it is not three numbers");
    CHECK(parsed.error().hint().find("START:PERCENT:FULL") != std::string::npos);
  }
}

TEST_CASE("numbers that make no limit are refused with their name") {
  const auto refusal = [](const char* text) {
    const auto parsed = EarlyDrop::parse(text);
    return parsed ? "" : parsed.error().detail;
  };
  CHECK(refusal("0:30:100") == "START is 0: no caller could be served");
  CHECK(refusal("10:0:100") == "PERCENT is not from 1 to 100");
  CHECK(refusal("10:101:100") == "PERCENT is not from 1 to 100");
  CHECK(refusal("10:30:9") == "FULL is less than START");
  CHECK(refusal("10:30:0") == "FULL is less than START");
}

}  // namespace hotline::early_drop_test
