#include "server/call_slot.h"

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"

namespace hotline::server::call_slot_test {
namespace {

Endpoint stranger() { return Endpoint::parse("tcp://192.0.2.1:1").value(); }

ServerOptions one_of_each() {
  ServerOptions options;
  options.limits.connections_max = 1;
  options.limits.connections_per_peer_max = 1;
  return options;
}

/// Whether a whole call of `peer` fits in beside those that there are.
bool fits(ServerState& shared, const Endpoint& peer) {
  CallSlot slot = CallSlot::admit(shared, peer);
  const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
  return slot && slot.take_room();
}

}  // namespace

TEST_CASE("a slot gives back what it has taken, however far it has come") {
  test::on_each_engine([] {
    ServerState shared(one_of_each());
    Tally tally;
    int ended = 0;
    shared.drain_server = [&] { ++ended; };
    shared.options.calls = CallCount::one;
    { const CallSlot admitted = CallSlot::admit(shared, stranger()); }
    CHECK(fits(shared, stranger()));
    {
      CallSlot waiting = CallSlot::admit(shared, stranger());
      CHECK(waiting.take_room());
      CHECK_FALSE(CallSlot::admit(shared, stranger()));
    }
    CHECK(fits(shared, stranger()));
    CHECK(tally.read().calls == 0);
    CHECK(ended == 0);
    {
      CallSlot running = CallSlot::admit(shared, stranger());
      CHECK(running.take_room());
      running.begin(tally);
      CHECK(tally.read().calls_in_flight == 1);
    }
    CHECK(fits(shared, stranger()));
    CHECK(tally.read().calls_in_flight == 0);
    CHECK(tally.read().calls == 1);
    CHECK(ended == 0);
    {
      CallSlot served = CallSlot::admit(shared, stranger());
      CHECK(served.take_room());
      served.begin(tally);
      served.note_served();
      const CallSlot moved = std::move(served);
      CHECK(ended == 0);
    }
    CHECK(ended == 1);
  });
}

TEST_CASE("a slot whose wait for room failed takes none, and its peer may call again") {
  test::on_each_engine([] {
    ServerOptions options = one_of_each();
    options.limits.connections_per_peer_max = 2;
    ServerState shared(options);
    CallSlot first = CallSlot::admit(shared, stranger());
    REQUIRE(first.take_room());
    for (int i = 0; i < 3; ++i) CHECK_FALSE(fits(shared, stranger()));
    CHECK(CallSlot::admit(shared, stranger()));
    CHECK(shared.admission.room_left() == 0);
  });
}

TEST_CASE("what a slot has taken goes with it when it is moved, and is given back once") {
  ServerState shared(one_of_each());
  Tally tally;
  shared.drain_server = [] {};
  {
    CallSlot first = CallSlot::admit(shared, stranger());
    REQUIRE(first.take_room());
    first.begin(tally);
    const CallSlot second = std::move(first);
    CHECK(second);
    CHECK_FALSE(first);
    CHECK(tally.read().calls_in_flight == 1);
  }
  CHECK(tally.read().calls_in_flight == 0);
  CHECK(shared.admission.room_left() == 1);
}

TEST_CASE("a slot for a caller that has as many calls as it may have is empty") {
  ServerState shared(one_of_each());
  Tally tally;
  const CallSlot first = CallSlot::admit(shared, stranger());
  { const CallSlot refused = CallSlot::admit(shared, stranger()); }
  CHECK_FALSE(CallSlot::admit(shared, stranger()));
  CHECK(CallSlot::admit(shared, Endpoint::parse("tcp://192.0.2.2:1").value()));
}

}  // namespace hotline::server::call_slot_test
