#include <csignal>
#include <new>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "hotline/services/command_refusal.h"
#include "support/served_jobs.h"

// Clients of jobs that come, go, fail and are in each other's way.

namespace hotline::job_clients_test {
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
using test::kTwoHalves;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

RemoteCommand with_input(RemoteCommand command) {
  command.input = CommandInput::stream;
  return command;
}

TEST_CASE("a job that does not read its input gets signals all the same") {
  served([](Served& server) {
    const char* const deaf = "trap 'exit 6' USR1; printf ready; while :; do sleep 0.01; done";
    RemoteRun signalled(*server.client, with_input(kept(deaf)));
    CHECK(signalled.read(5) == "ready");
    // More than a pipe holds.
    for (int i = 0; i < 16; ++i) signalled.write(std::string(8192, 'x'));
    signalled.send(services::SignalMessage{SIGUSR1});
    CHECK(signalled.finish().exit.value().status() == 6);
    RemoteRun cancelled(*server.client, with_input(kept(deaf)));
    CHECK(cancelled.read(5) == "ready");
    for (int i = 0; i < 16; ++i) cancelled.write(std::string(8192, 'x'));
    ask(*server.client, SignalRequest{cancelled.answer().job, SIGURG});
    cancelled.send(services::CancelMessage{});
    CHECK(cancelled.finish().exit.value().kind == ExitKind::cancelled);
    forget_all(server);
  });
}

TEST_CASE("input that the command had not got when the link was cut is asked for again") {
  served([](Served& server) {
    const std::string input(8'000'000, 'x');
    auto lost = server.connect();
    auto first = std::make_optional<RemoteRun>(*lost, with_input(kept("sleep 0.2; wc -c")));
    REQUIRE(first->wait_accepted());
    // Until all that is between the two is full: the command does not read yet.
    bool has_room = true;
    for (int i = 0; has_room && i < 1000; ++i) {
      has_room = first->stream()
                     .write(services::kInputFlow, as_bytes(input).first(5000), deadline_after(30ms))
                     .has_value();
    }
    AttachRequest later = attach_to(*first);
    later.input = CommandInput::stream;
    first.reset();
    lost.reset();
    RemoteRun second(*server.client, later);
    REQUIRE(second.wait_accepted());
    const auto got = static_cast<std::size_t>(second.answer().input_offset.value());
    REQUIRE(got > 0);
    REQUIRE(got < input.size());
    second.continue_input(std::string_view(input).substr(0, got));
    second.write(std::string_view(input).substr(got));
    second.end_input();
    CHECK(second.finish().output == "8000000\n");
    forget_all(server);
    server.failure.clear();
  });
}

TEST_CASE("a client that only looks, or leaves, does not end the input of a job") {
  served([](Served& server) {
    RemoteRun first(*server.client, with_input(kept("cat")));
    REQUIRE(first.wait_accepted());
    RemoteRun viewer(*server.client, attach_to(first));
    REQUIRE(viewer.wait_accepted());
    CHECK_FALSE(first.finish().exit);
    viewer.end_input();
    viewer.send(DetachMessage{});
    viewer.leave();
    CHECK_FALSE(viewer.finish().exit);
    AttachRequest again = attach_to(first);
    again.input = CommandInput::stream;
    RemoteRun leaving(*server.client, again);
    REQUIRE(leaving.wait_accepted());
    CHECK(leaving.answer().input_offset == 0);
    leaving.send(DetachMessage{});
    leaving.end_input();
    leaving.leave();
    CHECK_FALSE(leaving.finish().exit);
    RemoteRun last(*server.client, again);
    REQUIRE(last.wait_accepted());
    CHECK(last.answer().input_offset == 0);
    last.write("input");
    last.end_input();
    CHECK(last.finish().output == "input");
    forget_all(server);
  });
}

TEST_CASE("a client that is refused does not cut off the one that is attached") {
  served([](Served& server) {
    RemoteRun first(*server.client, kept(kTwoHalves));
    CHECK(first.read(5) == "12345");
    for (const auto& [output, error] : {std::pair{6U, 0U}, std::pair{0U, 1U}}) {
      const auto gone = run_remote(*server.client, attach_to(first, output, error));
      REQUIRE(gone.refusal);
      CHECK(command_refusal(gone.refusal->code) == CommandRefusal::gone);
    }
    first.send(services::SignalMessage{SIGUSR1});
    const auto result = first.finish();
    CHECK(result.output == "67890");
    CHECK(result.exit.value().status() == 4);
    forget_all(server);
  });
}

TEST_CASE("a request that fails takes no job of its connection with it") {
  RemoteCommandsOptions options;
  options.audit = [](const CommandRecord& record) {
    if (!record.command.keep) throw std::bad_alloc();
  };
  served(
      [](Served& server) {
        auto other = server.connect();
        auto job = std::make_optional<RemoteRun>(*other, kept(kTwoHalves));
        CHECK(job->read(5) == "12345");
        const AttachRequest later = attach_to(*job);
        run_remote(*other, RemoteCommand{.program = CommandWords{{"true"}}});
        RemoteRun taking_over(*server.client, later);
        CHECK(taking_over.read(5) == "12345");
        CHECK_FALSE(job->finish().exit);
        // Otherwise the server would wait for the end of its stream.
        job.reset();
        discard(other->finish());
        taking_over.send(services::SignalMessage{SIGUSR1});
        CHECK(taking_over.finish().exit.value().status() == 4);
        forget_all(server);
        server.failure.clear();
      },
      options);
}

TEST_CASE("a job that was forgotten is gone at once, and its key is free") {
  served([](Served& server) {
    RemoteCommand command = kept("trap '' TERM; echo on; sleep 60");
    command.key = RunKey{std::byte{2}};
    RemoteRun first(*server.client, command);
    CHECK(first.read(3) == "on\n");
    ask(*server.client, ForgetRequest{first.answer().job});
    CHECK(ask(*server.client, ListRequest{}).empty());
    RemoteRun second(*server.client, command);
    CHECK(second.read(3) == "on\n");
    CHECK_FALSE(second.answer().is_repeated);
    CHECK(first.finish().exit.value().kind == ExitKind::cancelled);
    second.send(services::CancelMessage{});
    CHECK(second.finish().exit.value().kind == ExitKind::cancelled);
    forget_all(server);
  });
}

TEST_CASE("of clients that attach at once one gets both outputs, and the others are cut off") {
  served([](Served& server) {
    RemoteRun first(*server.client,
                    kept("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2"));
    CHECK(first.read(600'000).size() >= 600'000);
    std::size_t whole = 0;
    TaskGroup clients;
    for (int i = 0; i < 4; ++i) {
      REQUIRE(clients.spawn("client", [&] {
        // What is before the offset is read for the digest, which takes a moment.
        const auto result = run_remote(*server.client, attach_to(first, 500'000));
        if (!result.exit) return;
        CHECK(result.output.size() == 2'500'000);
        CHECK(result.error.size() == 3'000'000);
        ++whole;
      }));
    }
    REQUIRE(clients.join());
    CHECK(whole == 1);
    CHECK_FALSE(first.finish().exit);
    forget_all(server);
  });
}

}  // namespace
}  // namespace hotline::job_clients_test
