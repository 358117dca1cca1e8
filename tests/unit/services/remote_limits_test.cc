#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/services/command_refusal.h"
#include "support/environment_variable.h"
#include "support/served_jobs.h"

// How many commands and jobs a server has at once, and how it refuses a further one.

namespace hotline::remote_limits_test {
namespace {

using namespace std::chrono_literals;
using services::CancelMessage;
using services::ListRequest;
using test::ask;
using test::forget_all;
using test::kept;
using test::RemoteResult;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

bool is_busy(const RemoteResult& result, std::string_view text) {
  return result.refusal && command_refusal(result.refusal->code) == CommandRefusal::busy &&
         result.refusal->text.find(text) != std::string::npos;
}

RemoteCommand lasting() { return {.program = CommandWords{{"sleep", "60"}}}; }

void cancel(RemoteRun& run) {
  run.send(CancelMessage{});
  CHECK(run.finish().exit.value().kind == ExitKind::cancelled);
}

TEST_CASE("a caller at its limit is refused at once, however many requests it makes") {
  RemoteCommandsOptions options;
  options.commands_max = 3;
  options.commands_per_caller_max = 1;
  served(
      [](Served& server) {
        RemoteRun first(*server.client, lasting());
        REQUIRE(first.wait_accepted());
        std::vector<RemoteRun> more;
        for (int i = 0; i < 20; ++i) more.emplace_back(*server.client, lasting());
        for (RemoteRun& each : more) CHECK(is_busy(each.finish(), "of this caller"));
        cancel(first);
        CHECK(server.run({"true"}).exit.value().is_success());
      },
      options);
}

TEST_CASE("by default one caller may have three quarters of the commands and of the jobs") {
  RemoteCommandsOptions options;
  options.commands_max = 8;
  options.jobs_max = 4;
  served(
      [](Served& server) {
        std::vector<RemoteRun> runs;
        const auto start = [&](RemoteCommand command) {
          runs.emplace_back(*server.client, std::move(command));
          REQUIRE(runs.back().wait_accepted());
        };
        for (int i = 0; i < 3; ++i) start(kept("exec sleep 60"));
        CHECK(is_busy(run_remote(*server.client, kept("true")), "jobs of this caller"));
        for (int i = 0; i < 3; ++i) start(lasting());
        CHECK(is_busy(run_remote(*server.client, lasting()), "commands of this caller"));
        for (RemoteRun& each : runs) cancel(each);
        forget_all(server);
      },
      options);
}

TEST_CASE("at a caller's share of jobs its oldest job that has ended makes room") {
  RemoteCommandsOptions options;
  options.jobs_per_caller_max = 2;
  served(
      [](Served& server) {
        for (const char* line : {"echo 1", "echo 2", "echo 3"}) {
          CHECK(run_remote(*server.client, kept(line)).exit.value().is_success());
        }
        const auto jobs = ask(*server.client, ListRequest{});
        REQUIRE(jobs.size() == 2);
        CHECK(std::get<ShellLine>(jobs[0].program).line == "echo 2");
        forget_all(server);
      },
      options);
}

TEST_CASE("a job that is refused for want of a place gives up no job that has ended") {
  RemoteCommandsOptions options;
  options.commands_max = 1;
  options.jobs_max = 1;
  served(
      [](Served& server) {
        const auto ended = run_remote(*server.client, kept("echo kept"));
        CHECK(ended.exit.value().is_success());
        RemoteRun only(*server.client, lasting());
        REQUIRE(only.wait_accepted());
        CHECK(is_busy(run_remote(*server.client, kept("true")), "commands"));
        CHECK(ask(*server.client, ListRequest{}).size() == 1);
        cancel(only);
        forget_all(server);
      },
      options);
}

TEST_CASE("a job whose program cannot be started gives up no job that has ended") {
  RemoteCommandsOptions options;
  options.jobs_max = 1;
  served(
      [](Served& server) {
        CHECK(run_remote(*server.client, kept("echo kept")).exit.value().is_success());
        RemoteCommand absent{.program = CommandWords{{"no-such-program-here"}}};
        absent.keep = std::chrono::seconds(60);
        CHECK(run_remote(*server.client, absent).refusal);
        CHECK(ask(*server.client, ListRequest{}).size() == 1);
        forget_all(server);
      },
      options);
}

TEST_CASE("a job that has ended is not given up while a client still reads its output") {
  RemoteCommandsOptions options;
  options.jobs_max = 1;
  served(
      [](Served& server) {
        // More than the client has given credit for, and less than the command may be ahead.
        RemoteRun unread(*server.client, kept("head -c 600000 /dev/zero"));
        REQUIRE(unread.wait_accepted());
        while (ask(*server.client, ListRequest{}).front().exit == std::nullopt) {
          REQUIRE(sleep_for(std::chrono::milliseconds(1)));
        }
        CHECK(is_busy(run_remote(*server.client, kept("true")), "jobs"));
        CHECK(unread.finish().output.size() == 600'000);
        CHECK(run_remote(*server.client, kept("true")).exit.value().is_success());
        forget_all(server);
      },
      options);
}

TEST_CASE("two hundred commands run at once on one connection") {
  constexpr std::size_t kCount = 200;
  served([](Served& server) {
    std::vector<RemoteRun> runs;
    RemoteCommand command{.program = CommandWords{{"cat"}}};
    command.input = CommandInput::stream;
    for (std::size_t i = 0; i < kCount; ++i) runs.emplace_back(*server.client, command);
    // All of them run before the first one gets its input.
    for (RemoteRun& each : runs) REQUIRE(each.wait_accepted());
    for (std::size_t i = 0; i < kCount; ++i) {
      runs[i].write(std::to_string(i));
      runs[i].end_input();
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto result = runs[i].finish();
      CHECK(result.output == std::to_string(i));
      CHECK(result.exit.value().is_success());
    }
  });
}

TEST_CASE("each refusal of a command is recorded once, with its reason") {
  std::vector<std::string> recorded;
  RemoteCommandsOptions options;
  options.commands_max = 2;
  options.commands_per_caller_max = 2;
  options.jobs_max = 1;
  options.variables = {};
  options.audit = [&](const CommandRecord& record) {
    if (record.exit.kind == ExitKind::could_not_start) recorded.push_back(record.exit.text);
  };
  served(
      [&](Served& server) {
        recorded.clear();
        const auto refusal_of = [&](const services::CommandRequest& request) {
          const auto result = run_remote(*server.client, request);
          REQUIRE(result.refusal);
          REQUIRE(recorded.size() == 1);
          CHECK(recorded[0] == result.refusal->text);
          recorded.clear();
          return result.refusal->text;
        };
        RemoteCommand wrong = lasting();
        wrong.environment = {{"ANY", "thing"}};
        CHECK(refusal_of(wrong) == "the server does not accept the variable ANY");
        RemoteCommand missing{.program = CommandWords{{"no-such-program-here"}}};
        CHECK(refusal_of(missing) != "");
        missing.keep = 60s;
        CHECK(refusal_of(missing) != "");
        RemoteCommand keyed = kept("exec sleep 60");
        keyed.key = RunKey{std::byte{1}};
        RemoteRun running(*server.client, keyed);
        REQUIRE(running.wait_accepted());
        RemoteCommand other = kept("true");
        other.key = keyed.key;
        CHECK(refusal_of(other) == "the key belongs to another command");
        CHECK(refusal_of(kept("true")) ==
              "as many jobs of this caller run as the server allows "
              "one caller");
        RemoteRun second(*server.client, lasting());
        REQUIRE(second.wait_accepted());
        CHECK(refusal_of(lasting()).find("as many commands") == 0);
        cancel(second);
        cancel(running);
        auto stream = server.client->open({1, 2}, as_bytes("\x01")).value();
        CHECK_FALSE(stream.answer());
        CHECK(recorded.size() == 1);
        forget_all(server);
      },
      options);
}

TEST_CASE("a job whose output cannot be kept is refused, and that is recorded") {
  std::vector<std::string> recorded;
  RemoteCommandsOptions options;
  options.audit = [&](const CommandRecord& record) { recorded.push_back(record.exit.text); };
  served(
      [&](Served& server) {
        recorded.clear();
        const test::EnvironmentVariable nowhere("TMPDIR", "/no/such/directory");
        const auto result = run_remote(*server.client, kept("true"));
        REQUIRE(result.refusal);
        CHECK(result.refusal->text.find("/no/such/directory") != std::string::npos);
        CHECK(recorded == std::vector{result.refusal->text});
      },
      options);
}

}  // namespace
}  // namespace hotline::remote_limits_test
