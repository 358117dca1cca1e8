#include "cli/remote_result.h"

#include <doctest/doctest.h>

#include "cli/json_bytes.h"

namespace hotline::cli::remote_result_test {
namespace {

using namespace std::chrono_literals;

const RemoteProgram kList = CommandWords{{"ls", "-l"}};

CommandExit end(ExitKind kind, int value = 0, std::string text = {}) {
  CommandExit exit;
  exit.kind = kind;
  exit.value = value;
  exit.text = std::move(text);
  return exit;
}

int status(const CommandExit& exit) { return static_cast<int>(status_of(exit)); }

}  // namespace

TEST_CASE("the status is that of the command, 128 and its signal, or 255") {
  CHECK(status(end(ExitKind::code, 0)) == 0);
  CHECK(status(end(ExitKind::code, 3)) == 3);
  CHECK(status(end(ExitKind::code, 255)) == 255);
  CHECK(status(end(ExitKind::signal, 15)) == 143);
  CHECK(status(end(ExitKind::could_not_start, 127)) == 127);
  CHECK(status(end(ExitKind::could_not_start, 126)) == 126);
  for (const auto kind : {ExitKind::timed_out, ExitKind::cancelled, ExitKind::output_limit,
                          ExitKind::lost, ExitKind::server_ended}) {
    CHECK(status(end(kind)) == 255);
  }
}

TEST_CASE("a result is an object with the program, the end and the outputs") {
  CommandExit exit = end(ExitKind::code, 3);
  exit.started = std::chrono::sys_seconds(1s);
  exit.ended = std::chrono::sys_seconds(2s);
  exit.duration = 1500us;
  exit.usage = CommandUsage{.user = 10us, .system = 20us, .memory_bytes = 4096};
  exit.is_held = true;
  const RemoteResult result{&kList, "tcp://h:1", exit, 0};
  CHECK(json_of_result(result, json_of_bytes(as_bytes("out\n")), json_of_bytes(as_bytes("\xff")))
            .text() ==
        R"({"v":1,"command":{"argv":["ls","-l"],"endpoint":"tcp://h:1","status":3,)"
        R"("exit":{"kind":"code","value":3},"started":"1970-01-01T00:00:01.000000Z",)"
        R"("ended":"1970-01-01T00:00:02.000000Z","duration_us":1500,)"
        R"("usage":{"user_us":10,"system_us":20,"memory_bytes":4096},)"
        R"("stdout":{"bytes":4,"text":"out\n"},"stderr":{"bytes":1,"base64":"/w=="},)"
        R"("truncated":false,"dropped_bytes":0,"pipe_held":true,"reconnects":0}})");
}

TEST_CASE("each kind of program has a name of its own") {
  const auto shown = [](const RemoteProgram& program) {
    JsonLine object;
    add_program(object, program);
    return object.text();
  };
  CHECK(shown(ShellLine{"ls | wc"}) == R"({"line":"ls | wc"})");
  CHECK(shown(LoginShell{}) == R"({"login":true})");
  CHECK(shown(CommandWords{{"a b", "", "\n\"\x1b"}}) == R"({"argv":["a b","","\n\"\u001b"]})");
  CHECK(shown(CommandWords{{"\xff"}}) == R"({"argv":["\\xff"]})");
}

TEST_CASE("a command that did not end by itself has an error with a hint") {
  const auto error = [](const CommandExit& exit) {
    return error_of({&kList, "tcp://h:1", exit, 0});
  };
  CHECK_FALSE(error(end(ExitKind::code, 3)));
  CHECK_FALSE(error(end(ExitKind::signal, 9)));
  const auto absent = error(end(ExitKind::could_not_start, 127, "no such file"));
  REQUIRE(absent);
  CHECK(absent->message() == "cannot start the command at tcp://h:1: no such file");
  CHECK(absent->hint() == "the name is looked up in the PATH of the server");
  CHECK(error(end(ExitKind::output_limit))->kind == ErrorKind::too_large);
}

TEST_CASE("notes say what is missing and what was killed") {
  CommandExit exit = end(ExitKind::code, 0);
  CHECK(notes_of({&kList, "tcp://h:1", exit, 0}).empty());
  exit.is_held = true;
  exit.is_truncated = true;
  const auto notes = notes_of({&kList, "tcp://h:1", exit, 12});
  REQUIRE(notes.size() == 2);
  CHECK(notes[1] == "12 bytes of output were dropped at the limit");
}

TEST_CASE("a signal has its name, as the server gives it") {
  const auto shown = [](const CommandExit& exit) {
    JsonLine object;
    add_exit(object, exit);
    return object.text();
  };
  CHECK(shown(end(ExitKind::signal, 30, "USR1")) ==
        R"({"exit":{"kind":"signal","value":30,"signal":"USR1","core":false}})");
  CHECK(shown(end(ExitKind::signal, 9)) ==
        R"({"exit":{"kind":"signal","value":9,"signal":"KILL","core":false}})");
  CHECK(shown(end(ExitKind::could_not_start, 127, "not found")) ==
        R"({"exit":{"kind":"could_not_start","value":127,"text":"not found"}})");
}

}  // namespace hotline::cli::remote_result_test
