#include "hotline/services/remote_command.h"

#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/command_samples.h"

namespace hotline::remote_command_test {
namespace {

using namespace std::chrono_literals;

RemoteCommand uname() { return {.program = CommandWords{{"uname", "-a"}}}; }

/// The error of a command that is refused; every refusal has one line of detail and a hint.
Error refusal_of(const RemoteCommand& command) {
  const auto checked = command.check();
  REQUIRE_FALSE(checked);
  CHECK_FALSE(checked.error().detail.empty());
  CHECK_FALSE(checked.error().advice.empty());
  for (const char c : checked.error().message_with_hint()) CHECK(c >= ' ');
  return checked.error();
}

void check_refused(const RemoteCommand& command, ErrorKind kind, std::string_view detail) {
  const Error error = refusal_of(command);
  CHECK(error.kind == kind);
  CHECK(error.detail.find(detail) != std::string::npos);
}

void check_invalid(const RemoteCommand& command, std::string_view detail) {
  check_refused(command, ErrorKind::invalid_argument, detail);
}

RemoteCommand with_variable(std::string name, std::string value) {
  RemoteCommand command = uname();
  command.environment = {{std::move(name), std::move(value)}};
  return command;
}

const std::string kNul(1, '\0');

}  // namespace

TEST_CASE("a command with every member passes") {
  CHECK(uname().check());
  CHECK(test::full_command(CommandWords{{"a"}}).check());
  CHECK(test::full_command(ShellLine{"ls | wc"}).check());
  CHECK(test::full_command(LoginShell{}).check());
}

TEST_CASE("words other than the first may be empty") {
  CHECK(RemoteCommand{.program = CommandWords{{"a", "", ""}}}.check());
}

TEST_CASE("a command without a program is refused") {
  check_invalid(RemoteCommand{}, "there is no command");
  check_invalid({.program = CommandWords{{""}}}, "the name of the program is empty");
  check_invalid({.program = CommandWords{{"", "a"}}}, "the name of the program is empty");
  check_invalid({.program = ShellLine{}}, "line for the shell is empty");
}

TEST_CASE("a NUL is refused wherever it is") {
  check_invalid({.program = CommandWords{{"a", "b" + kNul}}}, "word 2 contains a NUL");
  check_invalid({.program = CommandWords{{kNul}}}, "word 1 contains a NUL");
  check_invalid({.program = ShellLine{"ls" + kNul}}, "the line for the shell contains a NUL");
  RemoteCommand command = uname();
  command.directory = "/a" + kNul;
  check_invalid(command, "the directory contains a NUL");
  check_invalid(with_variable("A" + kNul, "b"), "has the name 'A\\x00'");
  check_invalid(with_variable("A", kNul), "the value of the variable 'A' contains a NUL");
}

TEST_CASE("a word or line may be as long as the system allows, and no longer") {
  CHECK(RemoteCommand{.program = CommandWords{{"a", std::string(131'071, 'x')}}}.check());
  check_refused({.program = CommandWords{{"a", std::string(131'072, 'x')}}}, ErrorKind::too_large,
                "word 2 has over 131071 bytes");
  CHECK(RemoteCommand{.program = ShellLine{std::string(131'071, 'x')}}.check());
  check_refused({.program = ShellLine{std::string(131'072, 'x')}}, ErrorKind::too_large,
                "the line for the shell has over");
}

TEST_CASE("all words together may fill the longest request, and no more") {
  // 1 kind, and 5 for each of three words.
  const std::size_t room = kCommandRequestMax - 1 - 3 * 5 - 1 - 131'071;
  RemoteCommand command{.program =
                            CommandWords{{"a", std::string(131'071, 'x'), std::string(room, 'x')}}};
  CHECK(command.check());
  std::get<CommandWords>(command.program).words[2] += 'x';
  check_refused(command, ErrorKind::too_large, "all words and variables");
}

TEST_CASE("a directory is an absolute path") {
  RemoteCommand command = uname();
  for (const std::string_view directory : {"a", "./a", "~", "~/a", " /a"}) {
    command.directory = directory;
    check_invalid(command, "is not an absolute path");
  }
  command.directory = "/" + std::string(4'094, 'a');
  CHECK(command.check());
  command.directory += 'a';
  check_refused(command, ErrorKind::too_large, "the directory has over 4,095 bytes");
}

TEST_CASE("a variable has a valid name") {
  for (const std::string_view name : {"", "=", "A=B", "1A", "A B", "A-B", "\x1b[1m"}) {
    check_invalid(with_variable(std::string(name), "x"), "a variable of the environment has");
  }
}

TEST_CASE("a variable that no server accepts is refused before it is sent") {
  for (const std::string_view name : {"PATH", "LD_PRELOAD", "BASH_ENV", "ENV", "IFS"}) {
    const RemoteCommand command = with_variable(std::string(name), "x");
    check_refused(command, ErrorKind::permission_denied, "'" + std::string(name) + "'");
    CHECK(refusal_of(command).advice.find("env NAME=value") != std::string::npos);
  }
}

TEST_CASE("a variable is given once") {
  RemoteCommand command = with_variable("A", "1");
  command.environment.push_back({"B", "1"});
  CHECK(command.check());
  command.environment.push_back({"A", "1"});
  check_invalid(command, "'A' is given twice");
}

TEST_CASE("a variable may be as long as the system allows, and no longer") {
  CHECK(with_variable("A", std::string(131'069, 'x')).check());
  check_refused(with_variable("A", std::string(131'070, 'x')), ErrorKind::too_large,
                "'A' has over");
}

TEST_CASE("times are positive and at most 36,500 days") {
  RemoteCommand command = uname();
  for (const Duration time : {Duration(1), Duration(1ms), kCommandTimeMax}) {
    command.timeout = time;
    command.keep = time;
    CHECK(command.check());
  }
  for (const Duration time : {Duration(0), Duration(-1), kCommandTimeMax + Duration(1)}) {
    command.keep.reset();
    command.timeout = time;
    check_invalid(command, "the timeout is not between");
    command.timeout = kNoTimeout;
    command.keep = time;
    check_invalid(command, "the time to keep it is not between");
  }
  command.keep = kNoTimeout;
  check_invalid(command, "the time to keep it is not between");
}

TEST_CASE("a limit of the output may have any value") {
  RemoteCommand command = uname();
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()}) {
    command.output_max = bytes;
    CHECK(command.check());
  }
}

TEST_CASE("a terminal has a size and a name") {
  RemoteCommand command = uname();
  command.terminal = RemoteTerminal{{.columns = 65'535, .rows = 1}, std::string(64, 'x')};
  CHECK(command.check());
  for (const TerminalSize size : {TerminalSize{0, 24}, TerminalSize{80, 0}, TerminalSize{},
                                  TerminalSize{65'536, 24}, TerminalSize{80, 65'536}}) {
    command.terminal = RemoteTerminal{size, "xterm"};
    check_invalid(command, " rows or columns");
  }
  for (const std::string& name : {std::string(), std::string(65, 'x'), std::string("a b"),
                                  std::string("a/b"), kNul, std::string("\x1b[m")}) {
    command.terminal = RemoteTerminal{{.columns = 80, .rows = 24}, name};
    check_invalid(command, "the terminal has the name");
  }
}

TEST_CASE("a login shell needs a terminal and a client") {
  RemoteCommand command{.program = LoginShell{}};
  check_invalid(command, "needs a terminal");
  command.terminal = RemoteTerminal{};
  CHECK(command.check());
  command.is_detached = true;
  check_invalid(command, "cannot start detached");
}

TEST_CASE("a detached command gets no input") {
  RemoteCommand command = uname();
  command.is_detached = true;
  CHECK(command.check());
  command.input = CommandInput::stream;
  check_invalid(command, "gets no input");
}

TEST_CASE("a key needs a command whose result is kept") {
  RemoteCommand command = uname();
  command.key = test::sample_key();
  check_invalid(command, "a key needs");
  command.keep = 1s;
  CHECK(command.check());
  command.keep.reset();
  command.is_detached = true;
  CHECK(command.check());
}

TEST_CASE("a label may have 128 bytes") {
  RemoteCommand command = uname();
  command.label = std::string(128, '\0');
  CHECK(command.check());
  command.label += 'x';
  check_refused(command, ErrorKind::too_large, "the label has over 128 bytes");
}

}  // namespace hotline::remote_command_test
