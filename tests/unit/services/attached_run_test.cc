#include "services/attached_run.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "support/launched.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::services::attached_run_test {
namespace {

using test::kind_of;

/// Runs a script for a client whose part is `play`. Returns how it ended.
CommandExit run_for(const std::string& script,
                    const std::function<void(Session&, SessionStream&)>& play) {
  test::SessionPair sessions(command_session_options(SessionRole::client),
                             command_session_options(SessionRole::server));
  auto stream = sessions.client.open(flows_of(RequestKind::run), {}).value();
  auto offered = sessions.server.accept().value();
  AttachedClient client(offered, {.input_before = {}});
  REQUIRE(client.accept({}));
  AttachedRun run(test::launcher().launch(test::shell(script)).value(), {}, client);
  CommandExit exit;
  TaskGroup both;
  REQUIRE(both.spawn("run", [&] {
    run.run([&](const CommandExit& ended) { exit = ended; });
    client.finish();
  }));
  REQUIRE(both.spawn("client", [&] { play(sessions.client, stream); }));
  REQUIRE(both.join());
  return exit;
}

void end_client(SessionStream& stream) {
  const std::uint64_t nothing = OutputDigest().value();
  REQUIRE(stream.end(kInputFlow, as_bytes(encode_trailer(InputTrailer{nothing, nothing}))));
  REQUIRE(stream.end_messages());
}

TEST_CASE("a command runs to its end also if the client has ended its messages before") {
  test::on_each_loop([](engine::EventLoop&) {
    const CommandExit exit = run_for("sleep 0.02; echo x; exit 3", [](Session&, auto& stream) {
      end_client(stream);
      CHECK(test::read_all(stream, kOutputFlow) == "x\n");
      CHECK(stream.receive().value().type == static_cast<int>(CommandMessage::exit));
      CHECK(kind_of(stream.receive()) == "closed");
    });
    CHECK(exit.value == 3);
  });
}

TEST_CASE("a client that goes away ends the command, also after it has ended its messages") {
  test::on_each_loop([](engine::EventLoop&) {
    const auto reset = run_for("sleep 60", [](Session&, SessionStream& stream) {
      end_client(stream);
      stream.reset(ResetCode::not_needed);
    });
    CHECK(reset.kind == ExitKind::cancelled);
    const auto cut = run_for("sleep 60", [](Session& session, SessionStream&) {
      session.break_off(SessionCode::internal, "test");
    });
    CHECK(cut.kind == ExitKind::cancelled);
  });
}

}  // namespace
}  // namespace hotline::services::attached_run_test
