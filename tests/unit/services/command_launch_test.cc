#include "services/command_launch.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::services::command_launch_test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("words are launched as they are, and a line by the shell") {
  CHECK(launch_options({.program = CommandWords{{"a b", "$c"}}}, "").arguments ==
        Words{"a b", "$c"});
  CHECK(launch_options({.program = ShellLine{"-c x"}}, "").arguments ==
        Words{"/bin/sh", "-c", "--", "-c x"});
}

TEST_CASE("a command starts in its own directory, or else in that of the server") {
  RemoteCommand command{.program = CommandWords{{"true"}}};
  CHECK(launch_options(command, "/srv").directory == "/srv");
  command.directory = "/own";
  CHECK(launch_options(command, "/srv").directory == "/own");
}

TEST_CASE("a terminal says what it is, whatever the variables say, and takes the input") {
  RemoteCommand command{.program = CommandWords{{"true"}}};
  command.environment = {{"TERM", "other"}, {"LANG", "C"}};
  command.input = CommandInput::stream;
  CHECK(launch_options(command, "").environment == Words{"TERM=other", "LANG=C"});
  CHECK(launch_options(command, "").input == ProcessInput::pipe);
  command.terminal = RemoteTerminal{.size = {.columns = 100, .rows = 30}, .name = "vt100"};
  const LaunchOptions launch = launch_options(command, "");
  CHECK(launch.environment == Words{"LANG=C"});
  CHECK(launch.terminal.value().type == "vt100");
  CHECK(launch.terminal.value().rows == 30);
  CHECK(launch.terminal.value().columns == 100);
}

TEST_CASE("the limits of a command are its own, within those of the server") {
  RemoteCommand command{.program = CommandWords{{"true"}}};
  RemoteCommandsOptions options;
  CHECK(command_bounds(command, options, {}).timeout == kNoTimeout);
  CHECK(command_bounds(command, options, {}).output_max == std::nullopt);
  options.timeout_max = 5s;
  options.output_max = 100;
  CHECK(command_bounds(command, options, {}).timeout == 5s);
  CHECK(command_bounds(command, options, {}).output_max == 100);
  command.timeout = 2s;
  command.output_max = 200;
  command.on_excess = OutputExcess::truncate;
  const CommandBounds bounds = command_bounds(command, options, {});
  CHECK(bounds.timeout == 2s);
  CHECK(bounds.output_max == 100);
  CHECK(bounds.on_excess == OutputExcess::truncate);
}

}  // namespace
}  // namespace hotline::services::command_launch_test
