#include "hotline/services/command_exit.h"

#include <csignal>
#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace hotline::command_exit_test {
namespace {

constexpr ExitKind kKinds[] = {
    ExitKind::code,         ExitKind::signal, ExitKind::timed_out,    ExitKind::cancelled,
    ExitKind::output_limit, ExitKind::lost,   ExitKind::server_ended, ExitKind::could_not_start};

}  // namespace

TEST_CASE("a default exit is not a success") {
  CHECK_FALSE(CommandExit{}.is_success());
  CHECK(CommandExit{}.status() == 255);
}

TEST_CASE("the status of an exit code is that code") {
  for (int code = 0; code < 256; ++code) {
    CHECK(CommandExit{.kind = ExitKind::code, .value = code}.status() == code);
  }
}

TEST_CASE("the status of a signal is 128 and its number, as in a shell") {
  CHECK(CommandExit{.kind = ExitKind::signal, .value = SIGTERM}.status() == 143);
  CHECK(CommandExit{.kind = ExitKind::signal, .value = SIGKILL}.status() == 137);
  CHECK(CommandExit{.kind = ExitKind::signal, .value = 127}.status() == 255);
}

TEST_CASE("the status of a program that did not start is 126 or 127, as in a shell") {
  CHECK(CommandExit{.kind = ExitKind::could_not_start, .value = 127}.status() == 127);
  CHECK(CommandExit{.kind = ExitKind::could_not_start, .value = 126}.status() == 126);
  CHECK(CommandExit{.kind = ExitKind::could_not_start, .value = 0}.status() == 126);
}

TEST_CASE("only an exit with code 0 has the status 0, whatever the value") {
  const int values[] = {0,
                        1,
                        -1,
                        -128,
                        127,
                        128,
                        255,
                        256,
                        512,
                        std::numeric_limits<int>::min(),
                        std::numeric_limits<int>::max()};
  for (const ExitKind kind : kKinds) {
    for (const int value : values) {
      const CommandExit exit{.kind = kind, .value = value};
      CAPTURE(name_of(kind));
      CAPTURE(value);
      CHECK((exit.status() == 0) == (kind == ExitKind::code && value == 0));
      CHECK(exit.is_success() == (exit.status() == 0));
      CHECK(exit.status() >= 0);
      CHECK(exit.status() <= 255);
    }
  }
}

TEST_CASE("an exit describes itself") {
  CHECK(CommandExit{.kind = ExitKind::code, .value = 3}.describe() == "exit status 3");
  CHECK(CommandExit{.kind = ExitKind::signal, .value = 15}.describe() ==
        "ended by signal TERM (15)");
  CHECK(CommandExit{.kind = ExitKind::signal, .value = 40}.describe() == "ended by signal 40");
  CHECK(CommandExit{.kind = ExitKind::signal, .value = 11, .has_dumped_core = true}.describe() ==
        "ended by signal SEGV (11), core dumped");
  CHECK(CommandExit{}.describe() == "how it ended is unknown");
}

TEST_CASE("the name of a signal is the server's, escaped") {
  CHECK(CommandExit{.kind = ExitKind::signal, .value = 7, .text = "EMT"}.describe() ==
        "ended by signal EMT (7)");
  CHECK(CommandExit{.kind = ExitKind::signal, .value = 7, .text = "\x1b[1m"}.describe() ==
        "ended by signal \\x1b[1m (7)");
}

TEST_CASE("each kind has a name and a description of its own") {
  for (const ExitKind one : kKinds) {
    CHECK_FALSE(name_of(one).empty());
    for (const ExitKind other : kKinds) {
      if (one == other) continue;
      CHECK(name_of(one) != name_of(other));
      CHECK(CommandExit{.kind = one, .value = 1}.describe() !=
            CommandExit{.kind = other, .value = 1}.describe());
    }
  }
}

}  // namespace hotline::command_exit_test
