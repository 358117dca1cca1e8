#include "cli/help.h"

#include <algorithm>
#include <ranges>

#include <doctest/doctest.h>

#include "cli/service_registry.h"
#include "cli/subcommands.h"

namespace hotline::cli::help_test {
namespace {

std::string help(std::string_view topic) {
  CAPTURE(topic);
  const auto text = help_on(topic);
  REQUIRE(text);
  return *text;
}

/// The help on everything, the program's own included.
std::vector<std::string> all_topics() {
  std::vector<std::string> topics = topic_names();
  topics.emplace_back();
  return topics;
}

}  // namespace

TEST_CASE("every topic has its help, which begins with its name") {
  for (const std::string& topic : topic_names()) {
    CHECK(help(topic).find(topic) < std::string_view("hotline : ").size());
  }
  CHECK(help("").starts_with("hotline: "));
}

TEST_CASE("commands, services and topics are all explained") {
  const std::vector<std::string> names = topic_names();
  const auto is_named = [&](const std::string& name) {
    return std::ranges::count(names, name) == 1;
  };
  for (const Subcommand& each : make_subcommands()) CHECK(is_named(each.name));
  for (const ServiceEntry& each : make_services()) CHECK(is_named(each.name));
  for (const std::string topic : {"endpoints", "framing", "concurrency", "status"}) {
    CHECK(is_named(topic));
  }
}

TEST_CASE("a topic has its singular or plural too") {
  CHECK(help("endpoint") == help("endpoints"));
  CHECK(help("framings") == help("framing"));
}

TEST_CASE("the program's help names every topic") {
  const std::string text = help("");
  for (const std::string& topic : topic_names()) {
    CAPTURE(topic);
    CHECK(text.find("\n  " + topic + ' ') != std::string::npos);
  }
}

TEST_CASE("the help on a command describes each option that it lists, and no other") {
  for (const Subcommand& each : make_subcommands()) {
    const std::string text = help(each.name);
    CHECK(text.find("\nusage: " + each.usage() + '\n') != std::string::npos);
    for (const OptionRow& row : each.options) {
      CAPTURE(row.name);
      CHECK((text.find("\n  " + row.usage()) != std::string::npos) == row.is_listed);
    }
  }
}

TEST_CASE("help fits a page of 100 columns, without control characters, and ends in one newline") {
  for (const std::string& topic : all_topics()) {
    const std::string text = help(topic);
    CHECK(text.ends_with('\n'));
    CHECK_FALSE(text.ends_with("\n\n"));
    for (const auto line : std::views::split(text, '\n')) {
      const std::string_view shown(line);
      CAPTURE(shown);
      CHECK(shown.size() <= 100);
      const auto is_shown = [](char c) { return static_cast<unsigned char>(c) >= ' '; };
      CHECK(std::ranges::all_of(shown, is_shown));
    }
  }
}

TEST_CASE("the help on a command that uses keys says where they come from") {
  for (const char* command : {"run", "ls", "get", "put", "mv", "sum", "attach", "jobs", "files",
                              "serve", "call", "shell", "bench", "time", "key"}) {
    CAPTURE(command);
    CHECK(help(command).contains("--home DIR"));
  }
}

TEST_CASE("an unknown topic is refused with the names of the known ones") {
  const auto text = help_on("stats\n");
  REQUIRE_FALSE(text);
  CHECK(text.error().kind == ErrorKind::invalid_argument);
  CHECK(text.error().message() == "there is no help on 'stats\\n'");
  CHECK(text.error().hint() ==
        "did you mean 'status'? there is help on serve, call, run, shell, attach, jobs, ls, get, "
        "put, mkdir, rm, mv, sum, quota, time, ntp, bench, files, "
        "key, "
        "services, doctor, help, "
        "version, upper, command, endpoints, framing, auth, concurrency and status");
}

}  // namespace hotline::cli::help_test
