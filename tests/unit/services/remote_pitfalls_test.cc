#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "hotline/services/command_refusal.h"
#include "support/served_commands.h"

// What remote commands often get wrong, with real processes. The others are where their class is.

namespace hotline::remote_pitfalls_test {
namespace {

using namespace std::chrono_literals;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

/// Says "in" to the witness from two processes that try to get away: a session of its own, and a
/// child whose parent has ended.
std::string tree(const test::Witness& witness) {
  const std::string say = "exec 9>" + witness.path() + "; echo in >&9; exec sleep 60";
  return "(setsid sh -c '" + say + "' &); (sh -c '" + say + "' & exit) & trap '' TERM; sleep 60";
}

void wait_for_tree(test::Witness& witness) {
  CHECK(witness.wait_for_line() == "in");
  CHECK(witness.wait_for_line() == "in");
}

TEST_CASE("stderr after eof: what is written after the end of the other output is not lost") {
  served([](Served& server) {
    const auto result =
        server.shell("exec 1>&-; sleep 0.01; head -c 300000 /dev/zero >&2; echo end >&2; exit 9");
    CHECK(result.output == "");
    CHECK(result.error.size() == 300'004);
    CHECK(result.error.ends_with("end\n"));
    CHECK(result.exit.value().status() == 9);
    const auto other = server.shell("exec 2>&-; sleep 0.01; echo out; exit 8");
    CHECK(other.output == "out\n");
    CHECK(other.exit.value().status() == 8);
  });
}

TEST_CASE("yes head: the output is as long as asked for, and the command ends") {
  served([](Served& server) {
    const auto result = server.shell("yes | head -n 2000; yes | head -n 3000 >&2");
    CHECK(result.output.size() == 4000);
    CHECK(result.error.size() == 6000);
    CHECK(result.exit.value().is_success());
  });
}

TEST_CASE("broken pipe: a writer without a reader is ended by SIGPIPE, as in a local shell") {
  served([](Served& server) {
    const auto result =
        server.shell("exec 3>&1; { yes; echo $? >&3; } | true; kill -PIPE $$; echo survived");
    CHECK(result.output == "141\n");
    CHECK(result.exit.value().kind == ExitKind::signal);
    CHECK(result.exit.value().value == SIGPIPE);
  });
}

TEST_CASE("exit status: each one comes back as it is") {
  served([](Served& server) {
    for (const int status : {0, 1, 2, 126, 127, 128, 254, 255}) {
      const auto result = server.shell("exit " + std::to_string(status));
      CHECK(result.exit.value().kind == ExitKind::code);
      CHECK(result.exit.value().value == status);
    }
  });
}

TEST_CASE("exit status signal: each signal comes back as itself, and not as a status") {
  served([](Served& server) {
    for (const int signal : {SIGHUP, SIGINT, SIGKILL, SIGSEGV, SIGTERM, SIGUSR1}) {
      const auto result = server.shell("kill -" + std::to_string(signal) + " $$");
      CHECK(result.exit.value().kind == ExitKind::signal);
      CHECK(result.exit.value().value == signal);
      CHECK(result.exit.value().status() == 128 + signal);
    }
  });
}

TEST_CASE("exec failure is a refusal, and a status of 127 is a status") {
  served([](Served& server) {
    const auto failed = server.run({"no-such-program-here"});
    REQUIRE(failed.refusal);
    CHECK(command_refusal(failed.refusal->code) == CommandRefusal::no_such_program);
    const auto ran = server.shell("no-such-program-here 2>/dev/null");
    CHECK_FALSE(ran.refusal);
    CHECK(ran.exit.value().kind == ExitKind::code);
    CHECK(ran.exit.value().value == 127);
  });
}

TEST_CASE("three pipes: the end of an output ends neither the other one nor the input") {
  served([](Served& server) {
    RemoteCommand command{.program = ShellLine{"exec 1>&-; echo ready >&2; cat >&2"}};
    command.input = CommandInput::stream;
    RemoteRun run(*server.client, command);
    REQUIRE(run.wait_accepted());
    run.write("still read");
    run.end_input();
    const auto result = run.finish();
    CHECK(result.error == "ready\nstill read");
    CHECK(result.exit.value().is_success());
  });
}

TEST_CASE("a command has every signal as by default, none blocked, and three descriptors") {
  served([](Served& server) {
    const auto status = server.run({"cat", "/proc/self/status"});
    for (const char* const field : {"SigBlk:", "SigIgn:", "SigCgt:"}) {
      CHECK(status.output.find(field + std::string("\t0000000000000000\n")) != std::string::npos);
    }
    // The fourth is that of the listing itself.
    CHECK(server.run({"ls", "/proc/self/fd"}).output == "0\n1\n2\n3\n");
  });
}

TEST_CASE("no login shell and no interactive one, so that no start-up files are read") {
  served([](Served& server) {
    // A login shell has a name that begins with "-".
    const auto result = server.shell("printf '%s ' \"$0\" \"$-\" \"$ENV\" \"$BASH_ENV\"");
    REQUIRE(result.output.starts_with("/bin/sh "));
    CHECK(result.output.find('i', 8) == std::string::npos);
    CHECK(result.output.ends_with("   "));
  });
}

TEST_CASE("cancel ends the whole tree, with what has left its group and its parent") {
  served([](Served& server) {
    test::Witness witness;
    RemoteRun run(*server.client, RemoteCommand{.program = ShellLine{tree(witness)}});
    REQUIRE(run.wait_accepted());
    wait_for_tree(witness);
    run.send(services::CancelMessage{});
    CHECK(run.finish().exit.value().kind == ExitKind::cancelled);
    CHECK(witness.wait_for_end() == "");
  });
}

TEST_CASE("a detached command that is forgotten ends with its whole tree") {
  served([](Served& server) {
    test::Witness witness;
    RemoteCommand command{.program = ShellLine{tree(witness)}};
    command.is_detached = true;
    RemoteRun run(*server.client, command);
    run.leave();
    CHECK_FALSE(run.finish().exit);
    wait_for_tree(witness);
    const services::ForgetRequest request{run.answer().job};
    auto forgetting = server.client->open({}, as_bytes(services::encode_request(request)));
    REQUIRE(forgetting);
    REQUIRE(forgetting->answer());
    REQUIRE(forgetting->end_messages());
    CHECK(witness.wait_for_end() == "");
  });
}

TEST_CASE("an exit comes only after all output: a slow reader gets every byte before it") {
  served([](Served& server) {
    RemoteRun run(*server.client,
                  RemoteCommand{.program = ShellLine{"head -c 3000000 /dev/zero; exit 4"}});
    const std::size_t first = run.read(1).size();
    REQUIRE(sleep_for(20ms));
    const auto result = run.finish();
    CHECK(first + result.output.size() == 3'000'000);
    CHECK(result.exit.value().status() == 4);
  });
}

}  // namespace
}  // namespace hotline::remote_pitfalls_test
