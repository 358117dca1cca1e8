#include "services/client_farewell.h"

#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "services/command_protocol.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::services::client_farewell_test {
namespace {

using test::kind_of;

/// Ends a stream at the server while `play` is its client. Returns how many late messages came.
int end_for(const std::function<void(SessionStream&)>& play,
            const std::optional<CommandFault>& fault) {
  test::SessionPair sessions(command_session_options(SessionRole::client),
                             command_session_options(SessionRole::server));
  auto stream = sessions.client.open(flows_of(RequestKind::run), {}).value();
  auto offered = sessions.server.accept().value();
  REQUIRE(offered.accept());
  for (const std::uint8_t flow : {kOutputFlow, kErrorFlow}) REQUIRE(offered.end(flow, {}));
  int late = 0;
  TaskGroup both;
  REQUIRE(both.spawn("server", [&] {
    end_and_wait(offered, [&](const ReceivedMessage&) {
      ++late;
      return fault;
    });
  }));
  REQUIRE(both.spawn("client", [&] { play(stream); }));
  REQUIRE(both.join());
  return late;
}

void send_late(SessionStream& stream) {
  REQUIRE(stream.answer());
  CHECK(kind_of(stream.receive()) == "closed");
  REQUIRE(stream.send(command_message(CommandMessage::cancel, {})));
}

TEST_CASE("the server waits until the client has ended its messages and its input") {
  test::on_each_loop([](engine::EventLoop&) {
    const int late = end_for(
        [](SessionStream& stream) {
          send_late(stream);
          REQUIRE(stream.write(kInputFlow, as_bytes("unused")));
          REQUIRE(stream.end(kInputFlow, {}));
          REQUIRE(stream.end_messages());
        },
        std::nullopt);
    CHECK(late == 1);
  });
}

TEST_CASE("a late message with a fault resets the stream") {
  test::on_each_loop([](engine::EventLoop&) {
    const int late = end_for(
        [](SessionStream& stream) {
          send_late(stream);
          CHECK(kind_of(stream.wait_cut()) == "reset");
          CHECK(stream.reset_by_peer().value().text == "it is late");
        },
        CommandFault{.text = "it is late"});
    CHECK(late == 1);
  });
}

}  // namespace
}  // namespace hotline::services::client_farewell_test
