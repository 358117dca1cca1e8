#include "hotline/server/confinement_options.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::confinement_options_test {

TEST_CASE("each word says whether to confine, and another word is refused with all of them") {
  CHECK(*parse_confine("off") == Confine::never);
  CHECK(*parse_confine("auto") == Confine::if_possible);
  CHECK(*parse_confine("required") == Confine::required);
  CHECK(confine_names().size() == 3);
  for (const std::string word : {"", "on", "AUTO", "auto ", "1"}) {
    const auto parsed = parse_confine(word);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid_argument);
    CHECK(parsed.error().hint().find("required") != std::string::npos);
  }
}

}  // namespace hotline::confinement_options_test
