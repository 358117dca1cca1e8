#include "services/toml_entry.h"

#include <doctest/doctest.h>

namespace hotline::services::toml_entry_test {
namespace {

std::string detail_of(std::string_view text) {
  const auto entries = parse_toml(text);
  return entries ? "" : entries.error().detail;
}

TEST_CASE("entries of TOML are in the order of their lines, with their tables") {
  const auto entries = parse_toml("# a comment . . .\nb = 1\na = true\n\n[z]\nc = \"x\"\n[e]\n");
  REQUIRE(entries);
  REQUIRE(entries->size() == 4);
  CHECK((*entries)[0].key == "b");
  CHECK_FALSE((*entries)[0].table);
  CHECK(*(*entries)[0].number() == 1);
  CHECK((*entries)[0].line == 2);
  CHECK(*(*entries)[1].truth());
  CHECK((*entries)[1].text() == nullptr);
  CHECK((*entries)[2].table == "z");
  CHECK(*(*entries)[2].text() == "x");
  CHECK((*entries)[2].line == 6);
  CHECK((*entries)[3].table == "e");
  CHECK((*entries)[3].key.empty());
}

TEST_CASE("a negative number is not taken") {
  const auto entries = parse_toml("a = -1\nb = 9223372036854775807\n");
  REQUIRE(entries);
  CHECK((*entries)[0].number() == nullptr);
  CHECK(*(*entries)[1].number() == 9'223'372'036'854'775'807);
}

TEST_CASE("a number with an exponent is a value of another kind") {
  const auto entries = parse_toml("a = 1e3\nb = nan\n");
  REQUIRE(entries);
  CHECK(entries->size() == 2);
  for (const TomlEntry& each : *entries) CHECK(each.value.index() == 0);
}

TEST_CASE("a line of another form is refused with its number") {
  CHECK(detail_of("a = 1\n[\n") == "line 2: the line is neither KEY = VALUE nor [TABLE]");
  CHECK(detail_of("\ufeffa = 1\n") == "line 1: a byte order mark is before it");
  CHECK(detail_of("a = 1\nb = 2") == "line 2: the line does not end");
  CHECK(detail_of("a = 1\na = 2\n").starts_with("line 2: it is not TOML: "));
  CHECK(detail_of("a = +x\n").starts_with("line 1: it is not TOML: "));
}

}  // namespace
}  // namespace hotline::services::toml_entry_test
