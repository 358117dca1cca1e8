#include "engine/blocking/thread_signal.h"

#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/waiter.h"
#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/no_descriptors.h"

namespace hotline::engine::thread_signal_test {

using std::chrono::milliseconds;

BlockingEngine& this_engine() { return static_cast<BlockingEngine&>(Engine::current()); }

TEST_CASE("a signal that was set before ends a wait at once, also one whose deadline has passed") {
  ThreadSignal signal;
  CHECK_FALSE(signal.is_set());
  signal.set();
  CHECK(signal.is_set());
  CHECK(signal.wait(Deadline::never()));
  CHECK(signal.wait(Deadline::at(Instant{})));
  CHECK(this_engine().wait_for(signal, Deadline::at(Instant{}), OnDrain::ends) == 0);
}

TEST_CASE("another thread's set ends a wait with and without a deadline, and shows what it did") {
  for (const Deadline deadline : {Deadline::never(), deadline_after(std::chrono::hours(1))}) {
    int done = 0;
    ThreadSignal signal;
    const std::jthread other([&] {
      done = 1;
      signal.set();
    });
    REQUIRE(signal.wait(deadline));
    CHECK(done == 1);
  }
}

TEST_CASE("a wait for a signal that is not set ends at its deadline, or that of its scope") {
  ThreadSignal signal;
  CHECK_FALSE(signal.wait(deadline_after(milliseconds(1))));
  CHECK_FALSE(signal.wait(Deadline::at(Instant{})));
  BlockingEngine& engine = this_engine();
  CHECK(engine.wait_for(signal, deadline_after(milliseconds(1)), OnDrain::ends) == -kDeadlineEnd);
  const DeadlineScope scope(deadline_after(milliseconds(1)));
  CHECK(engine.wait_for(signal, Deadline::never(), OnDrain::goes_on) == -kDeadlineEnd);
}

TEST_CASE("a thread without an interrupter needs no descriptor to wait") {
  Waiter waiter(OnDrain::goes_on);
  const test::NoDescriptors limit;
  const std::jthread other([&] { waiter.wake(); });
  CHECK(waiter.wait(Deadline::never()) == 0);
}

TEST_CASE("a thread whose interrupts are held needs no descriptor to wait") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  interrupter.cancel();
  const CancelHold hold;
  const test::NoDescriptors limit;
  Waiter waiter(OnDrain::ends);
  const std::jthread other([&] { waiter.wake(); });
  CHECK(waiter.wait(Deadline::never()) == 0);
}

TEST_CASE("a wait that has ended at its deadline can be waited for again") {
  ThreadSignal signal;
  CHECK_FALSE(signal.wait(deadline_after(milliseconds(1))));
  const std::jthread other([&] { signal.set(); });
  CHECK(signal.wait(Deadline::never()));
}

TEST_CASE("a signal may be destroyed as soon as its wait has ended") {
  for (int i = 0; i < 300; ++i) {
    auto signal = std::make_unique<ThreadSignal>();
    const std::jthread other([set = signal.get()] { set->set(); });
    CHECK(signal->wait(Deadline::never()));
    signal.reset();
  }
}

}  // namespace hotline::engine::thread_signal_test
