#include "services/remote_request.h"

#include <doctest/doctest.h>

#include "support/served_commands.h"
#include "support/served_jobs.h"

namespace hotline::services::remote_request_test {
namespace {

using test::ask;
using test::forget_all;
using test::kept;
using test::kind_of;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

/// Opens a stream with these bytes and returns the server's refusal.
StreamReset refusal_of(Served& server, SessionFlows flows, std::string_view bytes) {
  auto stream = server.client->open(flows, as_bytes(bytes)).value();
  CHECK(kind_of(stream.answer()) == "reset");
  return stream.reset_by_peer().value();
}

StreamReset refusal_of(Served& server, const CommandRequest& request) {
  return refusal_of(server, flows_of(kind_of(request)), encode_request(request));
}

TEST_CASE("bytes that are not a request are refused, and the session goes on") {
  served([](Served& server) {
    CHECK(refusal_of(server, {1, 2}, "").code == reset_code(CommandRefusal::malformed));
    CHECK(refusal_of(server, {1, 2}, "\x01").code == reset_code(CommandRefusal::malformed));
    CHECK(refusal_of(server, {1, 2}, "\x7f").code == ResetCode::unsupported);
    CHECK(server.run({"true"}).exit.value().is_success());
  });
}

TEST_CASE("a job that the caller does not have is not found, whatever is asked of it") {
  served([](Served& server) {
    const JobId absent{};
    for (const CommandRequest& each :
         {CommandRequest(AttachRequest{.job = absent}), CommandRequest(SignalRequest{absent, 15}),
          CommandRequest(ForgetRequest{absent})}) {
      const StreamReset refusal = refusal_of(server, each);
      CHECK(refusal.code == reset_code(CommandRefusal::not_found));
      CHECK(refusal.text.find(absent.text()) != std::string::npos);
    }
  });
}

TEST_CASE("a list without jobs is answered") {
  served([](Served& server) {
    auto stream = server.client->open({}, as_bytes(encode_request(ListRequest{}))).value();
    CHECK(stream.answer());
    CHECK(kind_of(stream.receive()) == "closed");
    REQUIRE(stream.end_messages());
  });
}

TEST_CASE("beyond the limit of jobs a further one is refused as busy while all of them run") {
  RemoteCommandsOptions options;
  options.jobs_max = 1;
  served(
      [](Served& server) {
        RemoteRun running(*server.client, kept("sleep 60"));
        REQUIRE(running.wait_accepted());
        CHECK(refusal_of(server, kept("true")).code == reset_code(CommandRefusal::busy));
        running.send(CancelMessage{});
        CHECK(running.finish().exit);
        forget_all(server);
      },
      options);
}

TEST_CASE("beyond the limit of jobs the one that ended first makes room") {
  RemoteCommandsOptions options;
  options.jobs_max = 2;
  served(
      [](Served& server) {
        for (const char* line : {"echo 1", "echo 2", "echo 3"}) {
          CHECK(run_remote(*server.client, kept(line)).exit.value().is_success());
        }
        const auto jobs = ask(*server.client, ListRequest{});
        REQUIRE(jobs.size() == 2);
        CHECK(std::get<ShellLine>(jobs[0].program).line == "echo 2");
        CHECK(std::get<ShellLine>(jobs[1].program).line == "echo 3");
        forget_all(server);
      },
      options);
}

TEST_CASE("a job takes a place among the commands until its command has ended") {
  RemoteCommandsOptions options;
  options.commands_max = 1;
  served(
      [](Served& server) {
        RemoteRun running(*server.client, kept("sleep 60"));
        REQUIRE(running.wait_accepted());
        const auto refused = server.run({"true"});
        REQUIRE(refused.refusal);
        CHECK(command_refusal(refused.refusal->code) == CommandRefusal::busy);
        running.send(CancelMessage{});
        CHECK(running.finish().exit);
        CHECK(server.run({"true"}).exit.value().is_success());
        forget_all(server);
      },
      options);
}

TEST_CASE("a job is recorded when its command ends, and each refusal at once") {
  std::vector<ExitKind> recorded;
  RemoteCommandsOptions options;
  options.commands_max = 1;
  options.variables = {};
  options.audit = [&](const CommandRecord& record) { recorded.push_back(record.exit.kind); };
  served(
      [&](Served& server) {
        recorded.clear();
        RemoteRun running(*server.client, kept("exit 3"));
        CHECK(running.finish().exit.value().value == 3);
        CHECK(recorded == std::vector{ExitKind::code});
        RemoteCommand refused = kept("true");
        refused.environment = {{"ANY", "thing"}};
        CHECK(refusal_of(server, refused).code == reset_code(CommandRefusal::not_permitted));
        CHECK(recorded == std::vector{ExitKind::code, ExitKind::could_not_start});
        forget_all(server);
      },
      options);
}

}  // namespace
}  // namespace hotline::services::remote_request_test
