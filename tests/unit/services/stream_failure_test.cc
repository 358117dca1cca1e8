#include "services/stream_failure.h"

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/served_command.h"

namespace hotline::stream_failure_test {
namespace {

using services::stream_failure;

TEST_CASE("a stream fails when an end has reset it or its session has ended, and not before") {
  test::SessionPair pair;
  for (const SessionFlows flows : {SessionFlows{1, 2}, SessionFlows{}}) {
    auto whole = pair.client.open(flows, {}).value();
    auto reset = pair.client.open(flows, {}).value();
    auto other = pair.client.open(flows, {}).value();
    CHECK_FALSE(stream_failure(whole));
    auto first = pair.server.accept().value();
    pair.server.accept().value().reset(ResetCode::failed);
    auto third = pair.server.accept().value();
    REQUIRE(first.accept());
    REQUIRE(whole.answer());
    CHECK_FALSE(stream_failure(whole));
    CHECK(test::kind_of(reset.answer()) == "reset");
    CHECK(stream_failure(reset).value().kind == ErrorKind::reset);
    other.reset(ResetCode::cancelled);
    CHECK(stream_failure(other).value().kind == ErrorKind::closed);
    // It changes nothing: the peer's flow goes on.
    if (flows.from_accepter == 0) continue;
    REQUIRE(first.write(1, as_bytes("x")));
    CHECK(as_text(whole.read(1).value()) == "x");
  }
  auto last = pair.client.open({}, {}).value();
  pair.client.break_off(SessionCode::internal, "the test ends it");
  CHECK(stream_failure(last));
}

}  // namespace
}  // namespace hotline::stream_failure_test
