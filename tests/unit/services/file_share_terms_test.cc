#include "services/file_share_terms.h"

#include <doctest/doctest.h>

namespace hotline::services::file_share_terms_test {
namespace {

std::string detail_of(std::string_view text) {
  const auto terms = parse_file_share("team", text);
  return terms ? "" : terms.error().detail;
}

TEST_CASE("a file of a share says what it may take, and is written as the same") {
  const auto terms = parse_file_share("team", "quota = \"1GiB\" # bytes\nentries = 5\n");
  REQUIRE(terms);
  CHECK(*terms == FileShareTerms{.name = "team", .limits = {std::uint64_t{1} << 30, 5}});
  CHECK(parse_file_share("team", format_file_share(*terms)).value() == *terms);
  CHECK(*parse_file_share("team", "") == FileShareTerms{.name = "team"});
}

TEST_CASE("anything else in a file of a share is refused with its line (T36)") {
  CHECK(detail_of("entries = 1\nrights = \"r\"\n") == "line 2: there is no such key");
  CHECK(detail_of("[shares]\n") == "line 1: there is no such key");
  CHECK(detail_of("[a]\nquota = 1\n") == "line 2: there is no such key");
  CHECK(detail_of("quota = true\n") == "line 1: the value is invalid");
  CHECK(detail_of("entries = \"5\"\n") == "line 1: the value is invalid");
  CHECK(detail_of("quota = 1") == "line 1: the line does not end");
  CHECK(parse_file_share("team", "quota = x\n")
            .error()
            .message()
            .starts_with("cannot read the share team: line 1: it is not TOML: "));
}

}  // namespace
}  // namespace hotline::services::file_share_terms_test
