#include "services/audit_note.h"

#include <optional>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/launched.h"

namespace hotline::services::audit_note_test {
namespace {

/// A record without its views.
struct Kept {
  std::string caller;
  std::string endpoint;
  CommandExit exit;
};

TEST_CASE("a refused command is recorded with its caller and the reason") {
  const auto began = wall_clock_now();
  std::optional<Kept> kept;
  RemoteCommandsOptions options;
  options.audit = [&](const CommandRecord& record) {
    kept = Kept{record.caller, record.endpoint, record.exit};
  };
  RemoteService service(test::launcher(), options);
  const RemoteCall call{service, "alice", "key:alice", "tcp://192.0.2.1:5"};
  note_refusal(call, {.program = CommandWords{{"absent"}}}, "no such program");
  REQUIRE(kept);
  CHECK(kept->caller == "key:alice");
  CHECK(kept->endpoint == "tcp://192.0.2.1:5");
  CHECK(kept->exit.kind == ExitKind::could_not_start);
  CHECK(kept->exit.text == "no such program");
  CHECK(kept->exit.ended >= began);
}

TEST_CASE("without an audit nothing is recorded") {
  RemoteService service(test::launcher(), {});
  const RemoteCall call{service, {}, {}, {}};
  note_refusal(call, {.program = CommandWords{{"absent"}}}, "no such program");
}

}  // namespace
}  // namespace hotline::services::audit_note_test
