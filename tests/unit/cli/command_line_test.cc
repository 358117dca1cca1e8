#include "cli/command_line.h"

#include <doctest/doctest.h>

#include "cli/help.h"
#include "support/command_line.h"
#include "support/standard_streams.h"

namespace hotline::cli::command_line_test {
namespace {

using test::Words;

/// What a command line prints to each stream, and its status.
struct Outcome {
  ExitStatus status = ExitStatus::ok;
  std::string output;
  std::string errors;
};

Outcome run(const Words& words) {
  Outcome outcome;
  outcome.errors = test::written_to(stderr, [&] {
    outcome.output = test::written_to(stdout, [&] { outcome.status = run_command_line(words); });
  });
  return outcome;
}

}  // namespace

TEST_CASE("without a command the help goes to standard error, and the status is that of misuse") {
  const Outcome outcome = run({});
  CHECK(outcome.status == ExitStatus::usage);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors == *help_on(""));
  const Outcome json = run({"--json"});
  CHECK(json.status == ExitStatus::usage);
  CHECK(json.errors.find("\"message\":\"no command\"") != std::string::npos);
}

TEST_CASE("help that was asked for goes to standard output") {
  for (const Words& words : {Words{"help"}, Words{"--help"}, Words{"-h"}}) {
    const Outcome outcome = run(words);
    CHECK(outcome.status == ExitStatus::ok);
    CHECK(outcome.output == *help_on(""));
    CHECK(outcome.errors.empty());
  }
}

TEST_CASE("each command explains itself, before or after its name, however wrong the rest is") {
  for (const Subcommand& each : make_subcommands()) {
    const std::string text = *help_on(each.name);
    CHECK(run({each.name, "--help"}).output == text);
    CHECK(run({each.name, "-h"}).output == text);
    CHECK(run({"--help", each.name}).output == text);
    CHECK(run({"help", each.name}).output == text);
  }
}

TEST_CASE("the version is printed for each way to ask for it") {
  const std::string version = run({"version"}).output;
  CHECK(version.starts_with("hotline "));
  for (const Words& words :
       {Words{"-V"}, Words{"--version"}, Words{"--version", "--help", "call"}}) {
    CHECK(run(words).output == version);
  }
  CHECK(run({"version", "--json"}).output.starts_with("{\"v\":1,\"version\":\""));
  CHECK(run({"serve", "--version"}).status == ExitStatus::usage);
}

TEST_CASE("a wrong command line is an error with status 2, and nothing is printed") {
  for (const Words& words :
       {Words{"cal"}, Words{"call"}, Words{"--nothing"}, Words{"help", "x"}, Words{"version", "x"},
        Words{"serve", "upper=tcp://a:1", "--once=x"}}) {
    CAPTURE(words.front());
    const Outcome outcome = run(words);
    CHECK(outcome.status == ExitStatus::usage);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.starts_with("error: "));
    CHECK(outcome.errors.find("\nhint: ") != std::string::npos);
  }
}

TEST_CASE("common options stand before a command or after it") {
  for (const Words& words :
       {Words{"--json", "--home", "h", "services"}, Words{"services", "--json", "--home=h"}}) {
    const CommandLine line = parse_command_line(words, make_subcommands());
    CHECK(line.common.output == OutputForm::json);
    CHECK(line.common.home == "h");
  }
  const CommandLine line = parse_command_line({"services"}, make_subcommands());
  CHECK(line.common.output == OutputForm::text);
  CHECK(line.common.home.empty());
}

TEST_CASE("the name of a command may be the value of an option before the command") {
  CHECK(run({"--home", "call", "version"}).output == run({"version"}).output);
  CHECK(run({"--home", "version", "--version"}).output == run({"version"}).output);
  const Outcome unknown = run({"--home", "call", "versio"});
  CHECK(unknown.status == ExitStatus::usage);
  CHECK(unknown.errors.find("version") != std::string::npos);
  // The hint knows the options of every command.
  const Outcome early = run({"--once", "call"});
  CHECK(early.errors.find("hotline serve --once") != std::string::npos);
}

TEST_CASE("a mistake is shown as JSON if that was asked for, however wrong the rest is") {
  const auto form = [](const Words& words) {
    return parse_command_line(words, make_subcommands()).common.output;
  };
  CHECK(form({"nothing", "--json"}) == OutputForm::json);
  CHECK(form({"--json", "call", "--nothing"}) == OutputForm::json);
  CHECK(form({"call", "--json", "e", "--timeout", "x"}) == OutputForm::json);
  CHECK(form({"nothing"}) == OutputForm::text);
  CHECK(form({"nothing", "--", "--json"}) == OutputForm::text);
}

}  // namespace hotline::cli::command_line_test
