#include "session/waiters.h"

#include <optional>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::session::waiters_test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("wake_all wakes the waiters that have an interest, and no others") {
  Waiters waiters;
  const Waiter reader(waiters, readable(0) | readable(kMessageFlow));
  const Waiter writer(waiters, writable(0));
  waiters.wake_all(readable(kMessageFlow));
  CHECK(reader.is_woken());
  CHECK_FALSE(writer.is_woken());
  waiters.wake_all(kAll);
  CHECK(writer.is_woken());
}

TEST_CASE("wake_one wakes those with an interest in the order in which they came") {
  Waiters waiters;
  const Waiter other(waiters, kPlace);
  const Waiter first(waiters, kRoom);
  const Waiter second(waiters, kRoom);
  waiters.wake_one(kRoom);
  CHECK(first.is_woken());
  CHECK_FALSE(second.is_woken());
  waiters.wake_one(kRoom);
  CHECK(second.is_woken());
  waiters.wake_one(kRoom);
  CHECK_FALSE(other.is_woken());
}

TEST_CASE("a waiter that has left is not woken, wherever its place was") {
  for (int leaving = 0; leaving < 3; ++leaving) {
    Waiters waiters;
    std::optional<Waiter> places[3];
    for (auto& each : places) each.emplace(waiters, kRoom);
    places[leaving].reset();
    waiters.wake_all(kRoom);
    for (int i = 0; i < 3; ++i) CHECK((i == leaving || places[i]->is_woken()));
    const Waiter last(waiters, kRoom);
    waiters.wake_one(kRoom);
    CHECK(last.is_woken());
  }
}

TEST_CASE("a wait ends at once if the waiter was woken before it") {
  test::on_each_engine([] {
    Waiters waiters;
    Waiter waiter(waiters, kOver);
    CHECK(test::kind_of(waiter.wait(deadline_after(1ms), OnDrain::goes_on)) == "timed_out");
    waiters.wake_all(kOver);
    CHECK(waiter.wait(Deadline::never(), OnDrain::goes_on));
  });
}

TEST_CASE("no two interests share a bit") {
  Interest seen = 0;
  const auto is_new = [&](Interest each) {
    const bool is_free = (seen & each) == 0;
    seen |= each;
    return is_free;
  };
  for (std::uint8_t flow = 0; flow < kSessionFlowsMax; ++flow) {
    CHECK(is_new(readable(flow)));
    CHECK(is_new(writable(flow)));
  }
  CHECK(is_new(readable(kMessageFlow)));
  CHECK(is_new(writable(kMessageFlow)));
  for (const Interest each : {kAnswered, kRoom, kReady, kOffered, kPlace, kOver}) {
    CHECK(is_new(each));
  }
  for (std::uint8_t flow = 0; flow < kSessionFlowsMax; ++flow) {
    CHECK((kAnyReadable & readable(flow)) != 0);
    CHECK((kAnyReadable & writable(flow)) == 0);
  }
  CHECK((kAnyReadable & readable(kMessageFlow)) != 0);
}

}  // namespace
}  // namespace hotline::session::waiters_test
