#include "services/toml_entry.h"

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"

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

TEST_CASE("what nests deeper than one table has another kind of value") {
  const auto entries = parse_toml("a.b.c = 1\nd = {e = {}}\nf = [[1]]\n");
  REQUIRE(entries);
  for (const TomlEntry& each : *entries) CHECK(each.value.index() == 0);
}

TEST_CASE("TOML of any depth fits into the stack of a fiber") {
  TaskGroup fibers;
  const auto read = [](std::string line) { return detail_of(line + "\n"); };
  const auto spawned = fibers.spawn("toml", [&] {
    std::string dots = "a";
    for (int i = 0; i < 40; ++i) dots += ".a";
    CHECK(read(dots + " = 1").empty());
    CHECK(read("[" + dots + "]").empty());
    CHECK(read(dots + ".a = 1") == "line 1: the line has too many dots");
    for (const std::string nest : {"[", "{a="}) {
      std::string line = "a = ";
      for (int i = 0; i < 10'000; ++i) line += nest;
      CHECK(read(line).starts_with("line 1: it is not TOML: "));
    }
  });
  REQUIRE(spawned);
  REQUIRE(fibers.join());
}

}  // namespace
}  // namespace hotline::services::toml_entry_test
