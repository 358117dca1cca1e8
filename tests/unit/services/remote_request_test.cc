#include "services/remote_request.h"

#include <doctest/doctest.h>

#include "support/served_commands.h"

namespace hotline::services::remote_request_test {
namespace {

using test::kind_of;
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

TEST_CASE("beyond the limit of jobs a further one is refused as busy") {
  RemoteCommandsOptions options;
  options.jobs_max = 1;
  served(
      [](Served& server) {
        RemoteCommand command{.program = CommandWords{{"true"}}};
        command.keep = std::chrono::milliseconds(300);
        CHECK(test::run_remote(*server.client, command).exit.value().is_success());
        CHECK(refusal_of(server, command).code == reset_code(CommandRefusal::busy));
      },
      options);
}

}  // namespace
}  // namespace hotline::services::remote_request_test
