#include "cli/help.h"

#include <algorithm>
#include <ranges>

#include <doctest/doctest.h>

namespace hotline::cli::help_test {
namespace {

constexpr std::string_view kTopics[] = {"serve",     "call",        "run",    "shell",
                                        "services",  "doctor",      "status", "upper",
                                        "endpoints", "concurrency", "",       "command"};

std::string help(std::string_view topic) {
  CAPTURE(topic);
  const auto text = help_on(topic);
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("every topic has its help, which begins with its name") {
  for (const std::string_view topic : kTopics) {
    CHECK(help(topic).find(topic) < std::string_view("hotline : ").size());
  }
  CHECK(help("").starts_with("hotline: "));
  CHECK(help("help") == help(""));
}

TEST_CASE("the program's help names every topic") {
  const std::string text = help("");
  for (const std::string_view topic : kTopics) {
    CAPTURE(topic);
    CHECK(text.find(topic) != std::string::npos);
  }
}

TEST_CASE("help is ASCII that fits a page of 100 columns, and ends in one newline") {
  for (const std::string_view topic : kTopics) {
    const std::string text = help(topic);
    CHECK(text.ends_with('\n'));
    CHECK_FALSE(text.ends_with("\n\n"));
    for (const auto line : std::views::split(text, '\n')) {
      const std::string_view shown(line);
      CAPTURE(shown);
      CHECK(shown.size() <= 100);
      CHECK(std::ranges::all_of(shown, [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

TEST_CASE("an unknown topic is refused with the names of the known ones") {
  const auto text = help_on("stats\n");
  REQUIRE_FALSE(text);
  CHECK(text.error().kind == ErrorKind::invalid_argument);
  CHECK(text.error().message() == "there is no help on 'stats\\n'");
  CHECK(text.error().hint() ==
        "did you mean 'status'? there is help on serve, call, run, shell, services, doctor, "
        "upper, command, endpoints, concurrency and status");
}

}  // namespace hotline::cli::help_test
