#include "hotline/engine/drain_hold.h"

#include <sys/socket.h>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "engine/interrupter.h"
#include "engine/operations/accept.h"
#include "engine/operations/connect.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/channels.h"
#include "support/loops.h"
#include "support/simulated.h"
#include "support/sockets.h"

namespace hotline::engine::drain_hold_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::receive_some;

int receive_for(Channel& channel, Duration duration) {
  return receive_some(channel, deadline_after(duration));
}

}  // namespace

TEST_CASE("an earlier drain ends no receive under a hold, and ends one after it") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    group.interrupt(kDrainEnd);
    loop.spawn(
        "drained",
        [&] {
          CHECK(receive_some(channel) == -kDrainEnd);
          {
            const DrainHold hold;
            CHECK(receive_for(channel, milliseconds(2)) == -kDeadlineEnd);
            test::send_text(peer.get(), "text");
            CHECK(receive_some(channel) == 4);
          }
          CHECK(receive_some(channel) == -kDrainEnd);
        },
        &group);
    group.join();
  });
}

TEST_CASE("a drain that arrives under a hold does not end the wait, and takes effect later") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    loop.spawn(
        "held",
        [&] {
          {
            const DrainHold hold;
            CHECK(receive_some(channel) == 4);
          }
          CHECK(receive_some(channel) == -kDrainEnd);
        },
        &group);
    loop.yield();
    group.interrupt(kDrainEnd);
    for (int i = 0; i < 5; ++i) loop.yield();
    test::send_text(peer.get(), "text");
    group.join();
  });
}

TEST_CASE("a thread without a loop holds a drain too") {
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  {
    const DrainHold hold;
    interrupter.drain();
    CHECK(receive_for(channel, milliseconds(2)) == -kDeadlineEnd);
  }
  CHECK(receive_some(channel) == -kDrainEnd);
  const DrainHold hold;
  CHECK(receive_for(channel, milliseconds(2)) == -kDeadlineEnd);
  test::send_text(peer.get(), "text");
  CHECK(receive_some(channel) == 4);
}

TEST_CASE("a fiber of a simulated loop holds a drain too") {
  test::Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    const SocketAddress path = test::named("/tmp/x").address(AF_UNIX);
    Channel listener{UniqueFd(loop.open_socket(AF_UNIX, SOCK_STREAM))};
    REQUIRE(loop.bind(listener.fd(), path) == 0);
    REQUIRE(loop.listen(listener.fd(), 1) == 0);
    Channel peer{UniqueFd(loop.open_socket(AF_UNIX, SOCK_STREAM))};
    Connect connect(peer, path);
    REQUIRE(loop.perform(connect, Deadline::never()) == 0);
    Accept accept(listener);
    Channel channel(UniqueFd(loop.perform(accept, Deadline::never())));
    FiberGroup group(loop);
    loop.spawn(
        "held",
        [&] {
          {
            const DrainHold hold;
            CHECK(receive_some(channel) == 4);
            CHECK(receive_for(channel, hours(1)) == -kDeadlineEnd);
          }
          CHECK(receive_some(channel) == -kDrainEnd);
        },
        &group);
    CHECK(sleep_for(milliseconds(1)));
    group.interrupt(kDrainEnd);
    CHECK(sleep_for(milliseconds(1)));
    Send send(peer, as_bytes("text"));
    CHECK(loop.perform(send, Deadline::never()) == 4);
    group.join();
  });
}

TEST_CASE("a cancel ends a wait under a hold") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    for (const bool is_drained : {false, true}) {
      FiberGroup group(loop);
      int received = 0;
      loop.spawn(
          "held",
          [&] {
            const DrainHold hold;
            received = receive_some(channel);
          },
          &group);
      loop.yield();
      if (is_drained) group.interrupt(kDrainEnd);
      group.interrupt(kCancelEnd);
      group.join();
      CHECK(received == -kCancelEnd);
    }
  });
}

TEST_CASE("the outermost of nested holds counts") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    group.interrupt(kDrainEnd);
    loop.spawn(
        "held",
        [&] {
          const DrainHold outer;
          { const DrainHold inner; }
          CHECK(receive_for(channel, milliseconds(2)) == -kDeadlineEnd);
        },
        &group);
    group.join();
  });
}

TEST_CASE("a fiber that is started and joined under a hold does not get the drain") {
  test::on_each_loop([](EventLoop& loop) {
    for (const bool comes_before : {true, false}) {
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      FiberGroup group(loop);
      if (comes_before) group.interrupt(kDrainEnd);
      loop.spawn(
          "held",
          [&] {
            const DrainHold hold;
            TaskGroup inner;
            CHECK(inner.spawn("member", [&] { CHECK(receive_some(channel) == 4); }));
            CHECK(inner.join());
          },
          &group);
      for (int i = 0; i < 5; ++i) loop.yield();
      if (!comes_before) group.interrupt(kDrainEnd);
      for (int i = 0; i < 5; ++i) loop.yield();
      test::send_text(peer.get(), "text");
      group.join();
    }
  });
}

TEST_CASE("a fiber is draining once it has been asked to drain or to end, under a hold too") {
  test::on_each_loop([](EventLoop& loop) {
    for (const int asked : {kDrainEnd, kCancelEnd}) {
      FiberGroup group(loop);
      loop.spawn(
          "asked",
          [&] {
            CHECK_FALSE(is_draining());
            loop.yield();
            CHECK(is_draining());
            const DrainHold hold;
            CHECK(is_draining());
          },
          &group);
      loop.yield();
      group.interrupt(asked);
      group.join();
      CHECK_FALSE(is_draining());
    }
  });
}

TEST_CASE("a thread without a loop is draining once its interrupter has been asked") {
  CHECK_FALSE(is_draining());
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  CHECK_FALSE(is_draining());
  interrupter.drain();
  CHECK(is_draining());
}

}  // namespace hotline::engine::drain_hold_test
