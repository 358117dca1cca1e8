#include "cli/command_shell.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_shell_test {

using namespace std::chrono_literals;

TEST_CASE("shell takes one endpoint") {
  const auto options = test::understood<read_shell>({"shell", "tcp://a:1", "--raw"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.linger == 250ms);
  CHECK(options.timeout == kNoTimeout);
  CHECK(options.controls == Controls::raw);
  CHECK(test::refusal<read_shell>({"shell"}).message() == "missing ENDPOINT");
  const CommandLine line = parse_command_line({"shell", "tcp://a:1", "ls"}, make_subcommands());
  REQUIRE_FALSE(line.arguments);
  CHECK(line.arguments.error().message() == "one word too many: 'ls'");
}

TEST_CASE("the timeout of shell limits connecting too") {
  const auto options = test::understood<read_shell>({"shell", "tcp://a:1", "--timeout", "5s"});
  CHECK(options.timeout == 5s);
  CHECK(options.connect_timeout == 5s);
  CHECK(test::refusal<read_shell>({"shell", "tcp://a:1", "--timeout", "0s"}).message() ==
        "--timeout: 0 would end every call at once");
}

}  // namespace hotline::cli::command_shell_test
