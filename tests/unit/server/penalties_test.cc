#include "hotline/server/penalties.h"

#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::penalties_test {

using namespace std::chrono_literals;

TEST_CASE("each word names those who get penalties, and another word is refused with all of them") {
  CHECK(*parse_penalised_callers("off") == PenalisedCallers::none);
  CHECK(*parse_penalised_callers("remote") == PenalisedCallers::other_machines);
  CHECK(*parse_penalised_callers("all") == PenalisedCallers::all);
  CHECK(penalised_caller_names().size() == 3);
  for (const std::string word : {"", "none", "ALL", "remote ", "1"}) {
    const auto parsed = parse_penalised_callers(word);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid_argument);
    CHECK(parsed.error().hint().find("remote") != std::string::npos);
  }
}

TEST_CASE("the defaults are valid, and those of sshd") {
  const Penalties defaults;
  CHECK(defaults.check());
  CHECK(defaults.callers == PenalisedCallers::other_machines);
  CHECK(defaults.failed_authentication == 5s);
  CHECK(defaults.no_authentication == 1s);
  CHECK(defaults.timed_out == 10s);
  CHECK(defaults.enforced_from == 15s);
  CHECK(defaults.longest == 10min);
  CHECK(defaults.sources_max == 65'536);
}

TEST_CASE("a time or a number that is not positive is refused with its name") {
  const auto refusal = [](const auto& change) {
    Penalties penalties;
    change(penalties);
    const auto checked = penalties.check();
    return checked ? "" : checked.error().detail;
  };
  const auto times = {&Penalties::failed_authentication, &Penalties::no_authentication,
                      &Penalties::timed_out, &Penalties::enforced_from, &Penalties::longest};
  for (const auto member : times) {
    CHECK(refusal([&](Penalties& each) { each.*member = 0s; }).ends_with("is not longer than 0"));
    CHECK(refusal([&](Penalties& each) { each.*member = -1s; }).ends_with("is not longer than 0"));
    CHECK(refusal([&](Penalties& each) {
            each.*member = kNoTimeout;
          }).ends_with("is longer than a year"));
  }
  CHECK(refusal([](Penalties& each) { each.sources_max = 0; }) == "Penalties::sources_max is 0");
  CHECK(refusal([](Penalties& each) { each.longest = each.enforced_from - 1s; }) ==
        "Penalties::longest is less than enforced_from");
  CHECK(refusal([](Penalties& each) { each.longest = each.enforced_from; }).empty());
}

}  // namespace hotline::penalties_test
