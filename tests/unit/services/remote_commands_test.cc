#include "hotline/services/remote_commands.h"

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/services/command_refusal.h"
#include "support/served_commands.h"

namespace hotline::remote_commands_test {
namespace {

using namespace std::chrono_literals;
using services::CancelMessage;
using services::ResizeMessage;
using services::SignalMessage;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

TEST_CASE("a command's outputs and exit status come back proven") {
  served([](Served& server) {
    const auto result = server.shell("echo out; echo err >&2; exit 3");
    CHECK(result.output == "out\n");
    CHECK(result.error == "err\n");
    REQUIRE(result.exit);
    CHECK(result.exit->kind == ExitKind::code);
    CHECK(result.exit->value == 3);
    CHECK(result.exit->status() == 3);
    CHECK_FALSE(result.exit->is_held);
    CHECK(result.exit->usage.has_value());
  });
}

TEST_CASE("words are never joined and no shell sees them") {
  served([](Served& server) {
    const auto result = server.run({"printf", "%s|", "two  words", "$HOME", "*", "", "'\""});
    CHECK(result.output == "two  words|$HOME|*||'\"|");
    CHECK(result.exit.value().is_success());
  });
}

TEST_CASE("a signal, a missing program and one that may not run are distinguished") {
  served([](Served& server) {
    const auto killed = server.shell("kill -TERM $$");
    CHECK(killed.exit.value().kind == ExitKind::signal);
    CHECK(killed.exit.value().status() == 128 + 15);
    const auto missing = server.run({"no-such-program-here"});
    REQUIRE(missing.refusal);
    CHECK(command_refusal(missing.refusal->code) == CommandRefusal::no_such_program);
    const auto denied = server.run({"/etc/passwd"});
    REQUIRE(denied.refusal);
    CHECK(command_refusal(denied.refusal->code) == CommandRefusal::could_not_start);
    RemoteCommand elsewhere{.program = CommandWords{{"true"}}};
    elsewhere.directory = "/no/such/directory";
    const auto nowhere = run_remote(*server.client, elsewhere);
    REQUIRE(nowhere.refusal);
    CHECK(command_refusal(nowhere.refusal->code) == CommandRefusal::could_not_start);
  });
}

TEST_CASE("a mebibyte on standard error and then one on standard output do not hang") {
  served([](Served& server) {
    const auto result =
        server.shell("head -c 1048576 /dev/zero >&2; head -c 1048576 /dev/zero; exit 7");
    CHECK(result.output.size() == 1'048'576);
    CHECK(result.error.size() == 1'048'576);
    CHECK(result.exit.value().status() == 7);
  });
}

TEST_CASE("input is passed on, and its end ends nothing else") {
  served([](Served& server) {
    RemoteCommand command{.program = ShellLine{"cat; echo after; sleep 0.01; echo late >&2"}};
    command.input = CommandInput::stream;
    RemoteRun run(*server.client, command);
    run.write("first ");
    REQUIRE(run.wait_accepted());
    run.write("second\n");
    run.end_input();
    const auto result = run.finish();
    CHECK(result.output == "first second\nafter\n");
    CHECK(result.error == "late\n");
    CHECK(result.exit.value().is_success());
  });
}

TEST_CASE("a command that does not read its input ends all the same") {
  served([](Served& server) {
    RemoteCommand command{.program = ShellLine{"exec 0<&-; echo done"}};
    command.input = CommandInput::stream;
    RemoteRun run(*server.client, command);
    run.write(std::string(50'000, 'x'));
    const auto result = run.finish();
    CHECK(result.output == "done\n");
    CHECK(result.exit.value().is_success());
  });
}

TEST_CASE("input and output larger than every buffer pass at once") {
  served([](Served& server) {
    RemoteCommand command{.program = CommandWords{{"cat"}}};
    command.input = CommandInput::stream;
    RemoteRun run(*server.client, command);
    REQUIRE(run.wait_accepted());
    const std::string piece(100'000, 'p');
    TaskGroup writer;
    REQUIRE(writer.spawn("input", [&] {
      for (int i = 0; i < 40; ++i) run.write(piece);
      run.end_input();
    }));
    const auto result = run.finish();
    REQUIRE(writer.join());
    CHECK(result.output.size() == 4'000'000);
    CHECK(result.exit.value().is_success());
  });
}

TEST_CASE("a descendant that holds an output open delays the end only shortly") {
  served([](Served& server) {
    test::Witness witness;
    const auto result =
        server.shell("echo begun; setsid sh -c 'exec 9>" + witness.path() + "; sleep 60' & exit 5");
    CHECK(result.output == "begun\n");
    CHECK(result.exit.value().status() == 5);
    CHECK(result.exit.value().is_held);
    CHECK(witness.wait_for_end() == "");
  });
}

TEST_CASE("a cancelled command is killed with all that it has started") {
  served([](Served& server) {
    test::Witness witness;
    RemoteRun run(
        *server.client,
        RemoteCommand{.program = ShellLine{"setsid sh -c 'exec 9>" + witness.path() +
                                           "; echo in >&9; sleep 60' & echo out; sleep 60"}});
    REQUIRE(run.wait_accepted());
    CHECK(witness.wait_for_line() == "in");
    run.send(CancelMessage{});
    const auto result = run.finish();
    CHECK(result.exit.value().kind == ExitKind::cancelled);
    CHECK(result.exit.value().status() == 255);
    CHECK(witness.wait_for_end() == "");
  });
}

TEST_CASE("a command whose stream is reset, or whose connection is cut, is killed") {
  test::on_each_loop([](engine::EventLoop&) {
    test::Witness of_reset;
    test::Witness of_cut;
    Served server;
    const auto lasting = [](const test::Witness& witness) {
      return RemoteCommand{.program =
                               ShellLine{"exec 9>" + witness.path() + "; echo in >&9; sleep 60"}};
    };
    {
      RemoteRun run(*server.client, lasting(of_reset));
      REQUIRE(run.wait_accepted());
      CHECK(of_reset.wait_for_line() == "in");
      run.stream().reset(ResetCode::cancelled);
      // The server answers once it has killed the command.
      while (!run.stream().is_closed()) REQUIRE(sleep_for(1ms));
    }
    CHECK(of_reset.wait_for_end() == "");
    RemoteRun run(*server.client, lasting(of_cut));
    REQUIRE(run.wait_accepted());
    CHECK(of_cut.wait_for_line() == "in");
    server.client.reset();
    REQUIRE(server.fibers.join());
    CHECK(of_cut.wait_for_end() == "");
    CHECK(server.failure != "");
  });
}

TEST_CASE("a timeout kills the command, and what it wrote before is complete") {
  served([](Served& server) {
    RemoteCommand command{.program = ShellLine{"echo before; sleep 60"}};
    command.timeout = 1s;
    const auto result = run_remote(*server.client, command);
    CHECK(result.output == "before\n");
    CHECK(result.exit.value().kind == ExitKind::timed_out);
  });
}

TEST_CASE("a limit of the output kills the command, or drops the rest and says so") {
  served([](Served& server) {
    RemoteCommand command{.program = ShellLine{"head -c 100000 /dev/zero; echo end >&2"}};
    command.output_max = 5'000;
    const auto killed = run_remote(*server.client, command);
    CHECK(killed.output.size() + killed.error.size() <= 5'000);
    CHECK(killed.exit.value().kind == ExitKind::output_limit);
    command.on_excess = OutputExcess::truncate;
    const auto cut = run_remote(*server.client, command);
    CHECK(cut.output.size() + cut.error.size() == 5'000);
    CHECK(cut.exit.value().is_success());
    CHECK(cut.exit.value().is_truncated);
  });
}

TEST_CASE("signals reach the command") {
  served([](Served& server) {
    test::Witness witness;
    RemoteRun run(
        *server.client,
        RemoteCommand{.program = ShellLine{"exec 9>" + witness.path() +
                                           "; trap 'echo got; exit 4' USR1; echo ready >&9; "
                                           "while :; do sleep 0.01; done"}});
    REQUIRE(run.wait_accepted());
    CHECK(witness.wait_for_line() == "ready");
    run.send(SignalMessage{SIGUSR1});
    const auto result = run.finish();
    CHECK(result.output == "got\n");
    CHECK(result.exit.value().status() == 4);
  });
}

TEST_CASE("a command with an unread output waits, and stops no other") {
  served([](Served& server) {
    RemoteRun stalled(*server.client, RemoteCommand{.program = CommandWords{{"yes"}}});
    REQUIRE(stalled.wait_accepted());
    for (int i = 0; i < 5; ++i) CHECK(server.shell("echo goes on").output == "goes on\n");
    stalled.send(CancelMessage{});
    const auto result = stalled.finish();
    CHECK(result.exit.value().kind == ExitKind::cancelled);
    CHECK(result.output.size() < 4'000'000);
  });
}

TEST_CASE("what the wire does not allow ends the stream and the command, not the session") {
  served([](Served& server) {
    RemoteRun run(*server.client, RemoteCommand{.program = CommandWords{{"sleep", "60"}}});
    REQUIRE(run.wait_accepted());
    run.send(ResizeMessage{{10, 10}});
    const auto result = run.finish();
    REQUIRE(result.refusal);
    CHECK(command_refusal(result.refusal->code) == CommandRefusal::malformed);
    CHECK_FALSE(result.exit);
    RemoteRun early(*server.client, RemoteCommand{.program = CommandWords{{"cat"}}});
    REQUIRE(early.stream().write(services::kInputFlow, as_bytes("not announced")));
    CHECK_FALSE(early.finish().exit);
    CHECK(server.run({"true"}).exit.value().is_success());
  });
}

TEST_CASE("variables and the directory are those of the request, within what the server allows") {
  RemoteCommandsOptions options;
  options.variables = {"LC_*", "COLOR"};
  served(
      [](Served& server) {
        RemoteCommand command{.program = ShellLine{"pwd; echo $LC_ALL $COLOR"}};
        command.directory = "/tmp";
        command.environment = {{"LC_ALL", "C"}, {"COLOR", "no"}};
        CHECK(run_remote(*server.client, command).output == "/tmp\nC no\n");
        command.environment.push_back({"OTHER", "x"});
        const auto refused = run_remote(*server.client, command);
        REQUIRE(refused.refusal);
        CHECK(command_refusal(refused.refusal->code) == CommandRefusal::not_permitted);
        CHECK(refused.refusal->text.find("OTHER") != std::string::npos);
      },
      options);
}

RemoteCommand on_terminal(RemoteProgram program) {
  RemoteCommand command{.program = std::move(program)};
  command.terminal = RemoteTerminal{.size = {.columns = 100, .rows = 30}, .name = "vt100"};
  command.environment = {{"TERM", "other"}};
  command.input = CommandInput::stream;
  return command;
}

TEST_CASE("a command on a terminal has its size and name, and gets what is typed") {
  served([](Served& server) {
    RemoteRun run(*server.client,
                  on_terminal(ShellLine{"stty size; echo $TERM; test -t 2 && echo terminal >&2; "
                                        "read line; stty size; echo got $line; exit 3"}));
    CHECK(run.read(25) == "30 100\r\nvt100\r\nterminal\r\n");
    run.send(ResizeMessage{{.columns = 60, .rows = 20}});
    run.write("typed\n");
    const auto result = run.finish();
    CHECK(result.output == "typed\r\n20 60\r\ngot typed\r\n");
    CHECK(result.error == "");
    CHECK(result.exit.value().status() == 3);
  });
}

TEST_CASE("a login shell keeps its directory and variables, and ends as it says") {
  served([](Served& server) {
    RemoteRun run(*server.client, on_terminal(LoginShell{}));
    REQUIRE(run.wait_accepted());
    run.write("cd /tmp; X=5\n");
    run.write("echo at:$PWD:$X; exit 4\n");
    const auto result = run.finish();
    CHECK(result.output.find("at:/tmp:5") != std::string::npos);
    CHECK(result.exit.value().status() == 4);
  });
}

TEST_CASE("the time of a command counts from the request") {
  served([](Served& server) {
    const auto exit = server.run({"sleep", "0.02"}).exit.value();
    CHECK(exit.duration.value() >= 20ms);
    CHECK(*exit.ended - *exit.started >= 20ms);
  });
}

TEST_CASE("beyond the limit of commands at once a further one is refused as busy") {
  RemoteCommandsOptions options;
  options.commands_max = 1;
  options.commands_per_caller_max = 4;
  served(
      [](Served& server) {
        RemoteRun first(*server.client, RemoteCommand{.program = CommandWords{{"sleep", "60"}}});
        REQUIRE(first.wait_accepted());
        const auto second = server.run({"true"});
        REQUIRE(second.refusal);
        CHECK(command_refusal(second.refusal->code) == CommandRefusal::busy);
        first.send(CancelMessage{});
        CHECK(first.finish().exit.value().kind == ExitKind::cancelled);
      },
      options);
}

TEST_CASE("each command is recorded with its caller's words, its end and its digests") {
  struct Noted {
    std::vector<std::string> words;
    CommandExit exit;
    std::uint64_t bytes;
    std::uint64_t digest;
  };
  std::vector<Noted> records;
  RemoteCommandsOptions options;
  options.audit = [&](const CommandRecord& record) {
    records.push_back({std::get<CommandWords>(record.command.program).words, record.exit,
                       record.output_bytes, record.output_digest});
  };
  test::on_each_loop([&](engine::EventLoop&) {
    records.clear();
    Served server(options);
    CHECK(server.run({"echo", "hi"}).exit.value().is_success());
    CHECK(server.run({"no-such-program-here"}).refusal);
    server.finish();
    REQUIRE(records.size() == 2);
    CHECK(records[0].words == std::vector<std::string>{"echo", "hi"});
    CHECK(records[0].exit.is_success());
    CHECK(records[0].bytes == 3);
    services::OutputDigest digest;
    digest.add(as_bytes("hi\n"));
    CHECK(records[0].digest == digest.value());
    CHECK(records[1].exit.kind == ExitKind::could_not_start);
  });
}

TEST_CASE("a command is recorded also if its client has gone before it was started") {
  std::vector<ExitKind> ends;
  RemoteCommandsOptions options;
  options.audit = [&](const CommandRecord& record) { ends.push_back(record.exit.kind); };
  test::on_each_loop([&](engine::EventLoop&) {
    ends.clear();
    Served server(options);
    const std::string request =
        services::encode_request(RemoteCommand{.program = CommandWords{{"sleep", "60"}}});
    auto stream =
        server.client->open({.from_opener = 1, .from_accepter = 2}, as_bytes(request)).value();
    stream.reset(ResetCode::cancelled);
    server.finish();
    CHECK(ends == std::vector{ExitKind::cancelled});
  });
}

TEST_CASE("many commands run at once on one connection") {
  served([](Served& server) {
    TaskGroup clients;
    std::size_t right = 0;
    for (int i = 0; i < 40; ++i) {
      REQUIRE(clients.spawn("client", [&, i] {
        const auto result = server.shell("echo " + std::to_string(i));
        if (result.exit && result.output == std::to_string(i) + "\n") ++right;
      }));
    }
    REQUIRE(clients.join());
    CHECK(right == 40);
  });
}

}  // namespace
}  // namespace hotline::remote_commands_test
