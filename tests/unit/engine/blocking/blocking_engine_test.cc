#include "engine/blocking/blocking_engine.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/operations/accept.h"
#include "engine/operations/read_write.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/channels.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace {

thread_local int yields = 0;

}  // namespace

/// Replaces the function of the C library, and counts the calls.
extern "C" int sched_yield() noexcept {
  ++yields;
  return static_cast<int>(syscall(SYS_sched_yield));
}

namespace hotline::engine::blocking_engine_test {
namespace {

using std::chrono::milliseconds;
using test::receive_some;

// More than a thread does before it lets others run.
constexpr int kMany = 100;

}  // namespace

TEST_CASE("a thread without a loop has a blocking engine of its own") {
  Engine& ours = Engine::current();
  CHECK(ours.name() == "blocking");
  CHECK(&ours == &Engine::current());
  std::jthread([&] { CHECK(&Engine::current() != &ours); });
}

TEST_CASE("available data is received without waiting, also after the deadline") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::send_text(peer.get(), "there");
  CHECK(receive_some(channel, Deadline::at(now())) == 5);
}

TEST_CASE("a thread that never has to wait lets others run now and then") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const int before = yields;
  for (int i = 0; i < kMany; ++i) {
    test::send_text(peer.get(), "there");
    REQUIRE(receive_some(channel) == 5);
  }
  const int had = yields - before;
  CHECK(had > 1);
  CHECK(had < kMany / 4);
}

TEST_CASE("a thread also lets others run while its sends do not have to wait") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const int before = yields;
  for (int i = 0; i < kMany; ++i) {
    Send send(channel, as_bytes("x"));
    REQUIRE(Engine::current().attempt(send) == 1);
  }
  CHECK(yields - before > 1);
}

TEST_CASE("a thread that waits for each message does not yield in addition") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const int before = yields;
  for (int i = 0; i < kMany; ++i) {
    REQUIRE(receive_some(channel, deadline_after(milliseconds(2))) == -kDeadlineEnd);
    test::send_text(peer.get(), "there");
    REQUIRE(receive_some(channel) == 5);
  }
  CHECK(yields == before);
}

TEST_CASE("a wait blocks until the other side acts") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const std::jthread writer([fd = peer.get()] { test::send_text(fd, "later"); });
  CHECK(receive_some(channel) == 5);
}

TEST_CASE("a wait ends at its deadline and not before") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const Instant before = now();
  CHECK(receive_some(channel, deadline_after(milliseconds(3))) == -kDeadlineEnd);
  CHECK(now() - before >= milliseconds(3));
  CHECK(receive_some(channel, Deadline::at(before)) == -kDeadlineEnd);
}

TEST_CASE("a cancel of an interrupter ends every wait, in progress or later") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const std::jthread canceller([&] { interrupter.cancel(); });
  CHECK(receive_some(channel) == -kCancelEnd);
  CHECK(receive_some(channel) == -kCancelEnd);
  CHECK(Engine::current().wait_until(Deadline::never(), OnDrain::goes_on) == -kCancelEnd);
  CHECK(Engine::current().offload([] {}) == -kCancelEnd);
}

TEST_CASE("a drain ends a pause that it is allowed to end, and no other") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  const std::jthread drainer([&] { interrupter.drain(); });
  CHECK(Engine::current().wait_until(Deadline::never(), OnDrain::ends) == -kDrainEnd);
  CHECK(Engine::current().wait_until(deadline_after(milliseconds(3)), OnDrain::goes_on) ==
        -kDeadlineEnd);
}

TEST_CASE("a drain of an interrupter ends a receive and an accept with nothing pending") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  auto [ours, peer] = test::stream_pair();
  auto [listening, port] = test::tcp_listener();
  Channel channel(std::move(ours));
  Channel listener(std::move(listening));
  Accept accept(listener, Accept::Ahead::allowed);
  const std::jthread drainer([&] { interrupter.drain(); });
  CHECK(receive_some(channel) == -kDrainEnd);
  CHECK(Engine::current().perform(accept, Deadline::never()) == -kDrainEnd);
}

TEST_CASE("a drain of an interrupter lets pending data be received") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::send_text(peer.get(), "pending");
  interrupter.drain();
  CHECK(receive_some(channel) == 7);
  CHECK(receive_some(channel) == -kDrainEnd);
}

TEST_CASE("a drain of an interrupter ends no other wait") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  interrupter.drain();
  CHECK(sleep_for(milliseconds(1)));
  auto [full, reader] = test::stream_pair();
  const std::size_t filled = test::fill(full.get());
  Channel channel(std::move(full));
  const std::jthread emptier([&, fd = reader.get()] { test::receive_text(fd, filled); });
  Send send(channel, as_bytes("x"));
  CHECK(Engine::current().perform(send, Deadline::never()) == 1);
}

TEST_CASE("a cancel after a drain ends what the drain did not") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  interrupter.drain();
  const std::jthread canceller([&] { interrupter.cancel(); });
  CHECK(Engine::current().wait_until(Deadline::never(), OnDrain::goes_on) == -kCancelEnd);
}

TEST_CASE("an interruptible engine is the thread's engine while it exists") {
  Engine* const outer = &Engine::current();
  Interrupter interrupter;
  {
    const BlockingEngine::Interruptible one(interrupter);
    Engine* const inner = &Engine::current();
    CHECK(inner != outer);
    {
      const BlockingEngine::Interruptible other(interrupter);
      CHECK(&Engine::current() != inner);
    }
    CHECK(&Engine::current() == inner);
  }
  CHECK(&Engine::current() == outer);
}

TEST_CASE("a thread whose busy connection always has data lets others run now and then") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::make_busy(channel);
  const int before = yields;
  for (int i = 0; i < kMany; ++i) {
    test::send_text(peer.get(), "there");
    REQUIRE(receive_some(channel) == 5);
  }
  CHECK(yields - before > 1);
}

TEST_CASE("a recycled buffer is used again") {
  Engine& engine = Engine::current();
  Buffer buffer = engine.take_buffer();
  REQUIRE(buffer);
  CHECK_FALSE(buffer.is_pooled());
  const std::byte* const memory = buffer.memory().data();
  engine.recycle(std::move(buffer));
  const Buffer again = engine.take_buffer();
  CHECK(again.memory().data() == memory);
}

TEST_CASE("buffers of another size, and more than a few, are not kept") {
  Engine& engine = Engine::current();
  engine.recycle(Buffer(100));
  engine.recycle({});
  CHECK(engine.take_buffer().memory().size() == 64 * 1024);
  for (int i = 0; i < 10; ++i) engine.recycle(engine.take_buffer());
}

TEST_CASE("a suspend hook is called when its thread waits, and may wait itself") {
  struct WaitingHook final : SuspendHook {
    int count = 0;
    void suspended() noexcept override {
      ++count;
      CHECK(sleep_for(milliseconds(1)));
    }
  };
  WaitingHook hook;
  Engine::current().suspend_hook() = &hook;
  CHECK(sleep_for(milliseconds(1)));
  CHECK(hook.count == 1);
  CHECK(sleep_until(Deadline::at(now())));
  CHECK(hook.count == 1);
  Engine::current().suspend_hook() = nullptr;
  CHECK(sleep_for(milliseconds(1)));
  CHECK(hook.count == 1);
}

TEST_CASE("a channel may move from thread to thread") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::send_text(peer.get(), "one");
  CHECK(receive_some(channel) == 3);
  test::send_text(peer.get(), "other");
  std::jthread([&] { CHECK(receive_some(channel) == 5); });
}

}  // namespace hotline::engine::blocking_engine_test
