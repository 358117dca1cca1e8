#include "services/job_attachment.h"

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/services/command_refusal.h"
#include "support/served_jobs.h"

namespace hotline::job_attachment_test {
namespace {

using namespace std::chrono_literals;
using services::AttachRequest;
using services::DetachMessage;
using services::ForgetRequest;
using services::ListRequest;
using services::SignalRequest;
using test::ask;
using test::attach_to;
using test::forget_all;
using test::kept;
using test::kind_of;
using test::kTwoHalves;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

TEST_CASE("a kept command that nothing interrupts has the same result as any other") {
  served([](Served& server) {
    const auto result = run_remote(*server.client, kept("echo out; echo err >&2; exit 3"));
    CHECK(result.output == "out\n");
    CHECK(result.error == "err\n");
    CHECK(result.exit.value().status() == 3);
    forget_all(server);
  });
}

TEST_CASE("a kept command goes on without its connection, and nothing is lost or doubled") {
  served([](Served& server) {
    auto lost = server.connect();
    auto first = std::make_optional<RemoteRun>(*lost, kept(kTwoHalves));
    CHECK(first->read(5) == "12345");
    const AttachRequest later = attach_to(*first, 3);
    first.reset();
    lost.reset();
    ask(*server.client, SignalRequest{later.job, SIGUSR1});
    RemoteRun second(*server.client, later);
    const auto result = second.finish();
    CHECK(second.answer().output_offset == 3);
    CHECK(result.output == "4567890");
    CHECK(result.exit.value().status() == 4);
    // Also when it has ended, and from the beginning.
    CHECK(run_remote(*server.client, AttachRequest{.job = later.job}).output == "1234567890");
    forget_all(server);
    server.failure.clear();  // The connection that was dropped.
  });
}

TEST_CASE("a second client takes a job over, and the first one is cut off") {
  served([](Served& server) {
    RemoteRun first(*server.client, kept(kTwoHalves));
    CHECK(first.read(5) == "12345");
    RemoteRun second(*server.client, attach_to(first));
    CHECK(second.read(5) == "12345");
    const auto cut = first.finish();
    REQUIRE(cut.refusal);
    CHECK(command_refusal(cut.refusal->code) == CommandRefusal::attached_elsewhere);
    CHECK_FALSE(cut.exit);
    second.send(services::SignalMessage{SIGUSR1});
    CHECK(second.finish().exit.value().status() == 4);
    forget_all(server);
  });
}

TEST_CASE("a client that leaves gets proof of what it has got, and the job goes on") {
  served([](Served& server) {
    RemoteRun first(*server.client, kept(kTwoHalves));
    CHECK(first.read(5) == "12345");
    first.send(DetachMessage{});
    first.leave();
    CHECK(kind_of(first.finish().exit) == "cancelled");
    CHECK(ask(*server.client, ListRequest{}).size() == 1);
    RemoteRun second(*server.client, attach_to(first, 5));
    second.wait_accepted();
    second.send(services::SignalMessage{SIGUSR1});
    const auto result = second.finish();
    CHECK(result.output == "67890");
    CHECK(result.exit.value().status() == 4);
    forget_all(server);
  });
}

TEST_CASE("a detached command starts without a client, and is listed") {
  served([](Served& server) {
    RemoteCommand command = kept("echo here; exit 2");
    command.is_detached = true;
    command.label = "nightly";
    RemoteRun run(*server.client, command);
    run.leave();
    REQUIRE(run.wait_accepted());
    CHECK(kind_of(run.finish().exit) == "cancelled");
    CHECK(run_remote(*server.client, attach_to(run)).output == "here\n");
    const auto jobs = ask(*server.client, ListRequest{});
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].job == run.answer().job);
    CHECK(jobs[0].label == "nightly");
    CHECK(jobs[0].output_bytes == 5);
    CHECK(jobs[0].exit.value().status() == 2);
    CHECK(std::get<ShellLine>(jobs[0].program).line == "echo here; exit 2");
    forget_all(server);
    CHECK(ask(*server.client, ListRequest{}).empty());
  });
}

TEST_CASE("a key runs once, however often it is sent") {
  served([](Served& server) {
    RemoteCommand command = kept("echo once");
    command.key = RunKey{std::byte{1}};
    RemoteRun first(*server.client, command);
    CHECK(first.finish().output == "once\n");
    CHECK_FALSE(first.answer().is_repeated);
    RemoteRun second(*server.client, command);
    CHECK(second.finish().output == "once\n");
    CHECK(second.answer().is_repeated);
    CHECK(second.answer().job == first.answer().job);
    command.program = ShellLine{"echo other"};
    const auto other = run_remote(*server.client, command);
    REQUIRE(other.refusal);
    CHECK(command_refusal(other.refusal->code) == CommandRefusal::key_reused);
    forget_all(server);
  });
}

TEST_CASE("a job without a client is killed after its time, and is gone then") {
  served([](Served& server) {
    test::Witness witness;
    auto lost = server.connect();
    auto first = std::make_optional<RemoteRun>(
        *lost, kept("exec 9>" + witness.path() + "; echo in >&9; printf x; sleep 60", 20ms));
    CHECK(first->read(1) == "x");
    const AttachRequest later = attach_to(*first);
    first.reset();
    lost.reset();
    while (!ask(*server.client, ListRequest{}).empty()) REQUIRE(sleep_for(1ms));
    CHECK(witness.wait_for_end() == "in\n");
    const auto gone = run_remote(*server.client, later);
    REQUIRE(gone.refusal);
    CHECK(command_refusal(gone.refusal->code) == CommandRefusal::not_found);
    server.failure.clear();
  });
}

TEST_CASE("a client that resets the stream as cancelled kills the job's command") {
  served([](Served& server) {
    RemoteRun run(*server.client, kept("printf x; sleep 60"));
    CHECK(run.read(1) == "x");
    run.stream().reset(ResetCode::cancelled);
    CHECK(run_remote(*server.client, attach_to(run)).exit.value().kind == ExitKind::cancelled);
    forget_all(server);
  });
}

TEST_CASE("a client may cancel a job before it has an answer") {
  for (const bool is_detached : {false, true}) {
    served([&](Served& server) {
      RemoteCommand command = kept("sleep 60");
      command.is_detached = is_detached;
      RemoteRun run(*server.client, command);
      run.stream().reset(ResetCode::cancelled);
      std::vector<JobEntry> jobs;
      for (int i = 0; i < 500; ++i) {
        jobs = ask(*server.client, ListRequest{});
        if (!jobs.empty() && jobs[0].exit) break;
        REQUIRE(sleep_for(std::chrono::milliseconds(10)));
      }
      for (const auto& each : jobs) {
        REQUIRE(each.exit);
        CHECK(each.exit->kind == ExitKind::cancelled);
      }
      forget_all(server);
    });
  }
}

TEST_CASE("an offset that was never written is refused as gone, and the job stays") {
  served([](Served& server) {
    RemoteRun run(*server.client, kept("printf 123"));
    CHECK(run.finish().output == "123");
    const auto beyond = run_remote(*server.client, attach_to(run, 4));
    REQUIRE(beyond.refusal);
    CHECK(command_refusal(beyond.refusal->code) == CommandRefusal::gone);
    CHECK(run_remote(*server.client, attach_to(run, 3)).output.empty());
    forget_all(server);
  });
}

TEST_CASE("a later client goes on with the input where the first one was cut off") {
  served([](Served& server) {
    auto lost = server.connect();
    RemoteCommand command = kept("read a; printf $a; read b; printf $b; cat");
    command.input = CommandInput::stream;
    auto first = std::make_optional<RemoteRun>(*lost, command);
    REQUIRE(first->wait_accepted());
    CHECK(first->answer().input_offset == 0);
    first->write("one\n");
    CHECK(first->read(3) == "one");
    AttachRequest later = attach_to(*first, 3);
    later.input = CommandInput::stream;
    RemoteRun second(*server.client, later);
    second.continue_input(*first);
    REQUIRE(second.wait_accepted());
    CHECK(second.answer().input_offset == 4);
    second.write("two\nrest");
    second.end_input();
    const auto result = second.finish();
    CHECK(result.output == "tworest");
    CHECK(result.exit.value().is_success());
    first.reset();
    lost.reset();
    forget_all(server);
    server.failure.clear();
  });
}

TEST_CASE("output of a job beyond what is kept makes the command wait, not lose bytes") {
  RemoteCommandsOptions options;
  options.kept_max = std::uint64_t{8} << 20;
  served(
      [](Served& server) {
        auto lost = server.connect();
        auto first = std::make_optional<RemoteRun>(
            *lost, kept("printf x; head -c 20000000 /dev/zero; printf y"));
        CHECK(first->read(1).front() == 'x');
        const AttachRequest later = attach_to(*first);
        first.reset();
        lost.reset();
        const auto result = run_remote(*server.client, later);
        CHECK(result.output.size() == 20'000'002);
        CHECK(result.exit.value().is_success());
        // The oldest bytes are not kept any more.
        const auto gone = run_remote(*server.client, later);
        REQUIRE(gone.refusal);
        CHECK(command_refusal(gone.refusal->code) == CommandRefusal::gone);
        const auto rest = run_remote(*server.client, AttachRequest{.job = later.job});
        CHECK(rest.output.size() <= std::size_t{8} << 20);
        CHECK(rest.output.back() == 'y');
        forget_all(server);
        server.failure.clear();
      },
      options);
}

TEST_CASE("a server without jobs says so") {
  RemoteCommandsOptions options;
  options.jobs_max = 0;
  served(
      [](Served& server) {
        const auto result = run_remote(*server.client, kept("true"));
        REQUIRE(result.refusal);
        CHECK(command_refusal(result.refusal->code) == CommandRefusal::not_permitted);
      },
      options);
}

}  // namespace
}  // namespace hotline::job_attachment_test
