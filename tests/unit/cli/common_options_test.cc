#include "cli/common_options.h"

#include <doctest/doctest.h>

namespace hotline::cli::common_options_test {

TEST_CASE("a command's own row takes the place of a common one, and the others follow") {
  const auto rows = with_common_rows({{.name = "--json", .help = "own"}, {.name = "--x"}});
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].name == "--json");
  CHECK(rows[0].help == "own");
  CHECK(rows[1].name == "--x");
  CHECK(rows[2].name == "--home");
  CHECK(rows[3].name == "--help");
  CHECK(rows[3].letter == 'h');
}

TEST_CASE("--home is understood everywhere, and listed only where a command describes it") {
  CHECK_FALSE(with_common_rows({})[1].is_listed);
  CHECK(with_common_rows({{.name = "--home", .value = "DIR"}})[0].is_listed);
}

TEST_CASE("an option is shown with its letter and the name of its value") {
  CHECK(OptionRow{.name = "--json"}.usage() == "--json");
  CHECK(OptionRow{.name = "--verbose", .letter = 'v'}.usage() == "-v, --verbose");
  CHECK(OptionRow{.name = "--home", .value = "DIR"}.usage() == "--home DIR");
}

}  // namespace hotline::cli::common_options_test
