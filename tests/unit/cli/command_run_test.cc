#include "cli/command_run.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_run_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

RunOptions understood(const Words& words) { return test::understood<read_run>(words); }
Error refusal(const Words& words) { return test::refusal<read_run>(words); }

}  // namespace

TEST_CASE("run takes a command, whose options stand after --") {
  const RunOptions options = understood({"run", "--linger=2s", "tcp://a:1", "--", "ls", "-l"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.command == Words{"ls", "-l"});
  CHECK(options.linger == 2s);
  CHECK(options.connect_timeout == 30s);
  CHECK(options.timeout == kNoTimeout);
}

TEST_CASE("run without an endpoint or a command is refused") {
  CHECK(refusal({"run"}).message() == "missing ENDPOINT");
  CHECK(refusal({"run", "tcp://a:1"}).message() == "missing COMMAND");
  CHECK(refusal({"run", "tcp://a:1", "--", ""}).message() == "missing COMMAND");
}

TEST_CASE("an option of the command without -- before it is refused") {
  const CommandLine line = parse_command_line({"run", "tcp://a:1", "ls", "-l"}, make_subcommands());
  REQUIRE_FALSE(line.arguments);
  CHECK(line.arguments.error().message() == "there is no option '-l' of 'hotline run'");
  CHECK(line.arguments.error().hint().ends_with("words after -- are not options"));
}

TEST_CASE("the timeout of run limits connecting too") {
  const RunOptions options = understood({"run", "tcp://a:1", "--timeout", "5s", "ls"});
  CHECK(options.timeout == 5s);
  CHECK(options.connect_timeout == 5s);
}

}  // namespace hotline::cli::command_run_test
