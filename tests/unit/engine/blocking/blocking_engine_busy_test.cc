#include <cerrno>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/call_wait.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/channels.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::blocking_engine_busy_test {
namespace {

using std::chrono::milliseconds;
using test::make_busy;
using test::receive_some;

}  // namespace

TEST_CASE("a receive from a busy connection is waited for in the call, and returns what comes") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  make_busy(channel);
  const std::jthread writer([fd = peer.get()] { test::send_text(fd, "bytes"); });
  CHECK(receive_some(channel) == 5);
  CHECK(channel.call_wait.is_on());
}

TEST_CASE("the end and a reset of a busy connection are received") {
  for (const int ended : {0, -ECONNRESET}) {
    auto [ours, peer] = test::stream_pair();
    // What a peer has not read resets the connection when it closes: unix(7).
    if (ended < 0) test::send_text(ours.get(), "unread");
    Channel channel(std::move(ours));
    make_busy(channel);
    const std::jthread closer([&end = peer] { end.reset(); });
    CHECK(receive_some(channel) == ended);
  }
}

TEST_CASE("a busy connection without data for a while is polled, and bytes still arrive") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  make_busy(channel);
  std::jthread writer([&, fd = peer.get()] {
    std::this_thread::sleep_for(2 * CallWait::kMax);
    test::send_text(fd, "late");
  });
  CHECK(receive_some(channel) == 4);
}

TEST_CASE("a deadline ends the receive from a busy connection in time") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  for (const milliseconds timeout : {milliseconds(0), milliseconds(3), milliseconds(50)}) {
    make_busy(channel);
    const Instant before = now();
    CHECK(receive_some(channel, deadline_after(timeout)) == -kDeadlineEnd);
    CHECK(now() - before >= timeout);
  }
  test::send_text(peer.get(), "there");
  make_busy(channel);
  CHECK(receive_some(channel, Deadline::at(now())) == 5);
}

TEST_CASE("what has arrived on a busy connection is received before a near deadline") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  make_busy(channel);
  // A thread that does not run for that long may miss one of them.
  bool is_before_deadline = false;
  for (int i = 0; i < 10 && !is_before_deadline; ++i) {
    test::send_text(peer.get(), "there");
    const Deadline deadline = deadline_after(CallWait::kMax - milliseconds(1));
    REQUIRE(receive_some(channel, deadline) == 5);
    is_before_deadline = !deadline.has_passed(now());
  }
  CHECK(is_before_deadline);
}

TEST_CASE("a wait for room does not make a connection busy") {
  auto [full, reader] = test::stream_pair();
  test::fill(full.get());
  Channel channel(std::move(full));
  channel.call_wait.allow();
  Send send(channel, as_bytes("x"));
  for (unsigned i = 0; i < CallWait::kWaitsBefore; ++i) {
    CHECK(Engine::current().perform(send, Deadline::at(now())) == -kDeadlineEnd);
  }
  CHECK_FALSE(channel.call_wait.is_on());
}

TEST_CASE("a cancel and a drain end the receive from a busy connection") {
  for (const int end_code : {kCancelEnd, kDrainEnd}) {
    Interrupter interrupter;
    const BlockingEngine::Interruptible engine(interrupter);
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    make_busy(channel);
    const std::jthread ending(
        [&] { end_code == kCancelEnd ? interrupter.cancel() : interrupter.drain(); });
    CHECK(receive_some(channel) == -end_code);
    CHECK(receive_some(channel) == -end_code);
  }
}

TEST_CASE("a drain lets pending data of a busy connection be received") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  make_busy(channel);
  test::send_text(peer.get(), "pending");
  interrupter.drain();
  CHECK(receive_some(channel) == 7);
  CHECK(receive_some(channel) == -kDrainEnd);
}

TEST_CASE("a hook hears of a wait for a busy connection, and not of a receive that need not wait") {
  struct Count final : SuspendHook {
    void suspended() noexcept override { ++waits; }
    int waits = 0;
  } count;
  const SuspendHookScope scope(Engine::current().suspend_hook(), count);
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  make_busy(channel);
  test::send_text(peer.get(), "there");
  CHECK(receive_some(channel) == 5);
  CHECK(count.waits == 0);
  CHECK(receive_some(channel, deadline_after(milliseconds(50))) == -kDeadlineEnd);
  CHECK(count.waits > 0);
}

TEST_CASE("a cancel that races with bytes loses none of them, on a busy connection either") {
  for (int round = 0; round < 400; ++round) {
    Interrupter interrupter;
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    if (round % 2 == 0) make_busy(channel);
    int received = 0;
    {
      const BlockingEngine::Interruptible engine(interrupter);
      std::jthread writer([fd = peer.get()] { test::send_text(fd, "bytes"); });
      std::jthread canceller([&] { interrupter.cancel(); });
      received = receive_some(channel);
    }
    CHECK((received == 5 || received == -kCancelEnd));
    if (received < 0) CHECK(receive_some(channel) == 5);
  }
}

}  // namespace hotline::engine::blocking_engine_busy_test
