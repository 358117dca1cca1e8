#include "cli/subcommands.h"

#include <set>

#include <doctest/doctest.h>

namespace hotline::cli::subcommands_test {

TEST_CASE("every sub-command has a name of its own, a summary, a description and a function") {
  std::set<std::string> names;
  for (const Subcommand& each : make_subcommands()) {
    CAPTURE(each.name);
    CHECK(names.insert(each.name).second);
    CHECK_FALSE(each.summary.empty());
    CHECK(each.summary.find('\n') == std::string::npos);
    CHECK_FALSE(each.description.empty());
    CHECK(each.examples.find("  hotline " + each.name) != std::string::npos);
    CHECK((each.run != nullptr));
    CHECK(each.usage().starts_with("hotline " + each.name + " [OPTION]..."));
  }
}

TEST_CASE("the options of a sub-command have names and letters of their own, and help") {
  for (const Subcommand& each : make_subcommands()) {
    std::set<std::string> names;
    std::set<char> letters;
    for (const OptionRow& row : each.options) {
      CAPTURE(row.name);
      CHECK(row.name.starts_with("--"));
      CHECK(names.insert(row.name).second);
      CHECK((row.letter == 0 || letters.insert(row.letter).second));
      CHECK_FALSE(row.help.empty());
    }
    for (const std::string common : {"--json", "--home", "--help"}) CHECK(names.contains(common));
  }
}

TEST_CASE("a sub-command takes as many words as it has operands, or any number of the last") {
  for (const Subcommand& each : make_subcommands()) {
    CAPTURE(each.name);
    const bool is_open = !each.operands.empty() && each.operands.back().repeats == Repeats::yes;
    CHECK(is_open == (!each.operands.empty() && each.usage().ends_with("...")));
    if (!is_open) CHECK(each.shape().words_max == each.operands.size());
    if (is_open) CHECK(each.shape().words_max > 100'000);
  }
}

TEST_CASE("each sub-command can be made by itself, with the same options") {
  for (const Subcommand& each : make_subcommands()) {
    CAPTURE(each.name);
    const auto made = make_subcommand_in({"--json", each.name, "--", "serve", "call"});
    REQUIRE(made.size() == 1);
    CHECK(made.front().name == each.name);
    CHECK(made.front().options.size() == each.options.size());
  }
}

TEST_CASE("no sub-command is made where no word names one") {
  CHECK(make_subcommand_in({}).empty());
  CHECK(make_subcommand_in({"--version"}).empty());
  CHECK(make_subcommand_in({"--home=run", "Run", "running", ""}).empty());
}

}  // namespace hotline::cli::subcommands_test
