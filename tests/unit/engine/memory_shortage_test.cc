// How a shortage of memory affects a loop and the fibers that wait on it.

#include <sys/socket.h>

#include <future>
#include <new>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "engine/operations/accept.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/sockets.h"

namespace hotline::engine::memory_shortage_test {
namespace {

using std::chrono::milliseconds;
using test::MemoryShortage;

constexpr auto kOne = MemoryShortage::Extent::one;

/// Overwrites what returned functions have left on this stack.
[[gnu::noinline]] void overwrite_stack() {
  volatile char frame[4096];
  for (std::size_t i = 0; i < sizeof frame; ++i) frame[i] = 'x';
}

/// Returns the result of the operation, or nullopt if there was no memory for it.
std::optional<int> try_perform(Operation& operation) {
  try {
    return Engine::current().perform(operation, deadline_after(std::chrono::seconds(10)));
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

/// Receives everything until the end.
std::string receive_all(Channel& channel) {
  std::string text;
  for (;;) {
    Receive operation(channel, Engine::current());
    if (Engine::current().perform(operation, Deadline::never()) <= 0) return text;
    text += as_text(operation.buffer.memory().first(operation.buffer.filled()));
  }
}

}  // namespace

TEST_CASE("a send without memory has sent nothing") {
  test::on_each_loop([](EventLoop&) {
    test::with_each_allocation_failing([](std::size_t spared) {
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      Send send(channel, as_bytes(std::string_view("sent")));
      std::optional<int> sent;
      bool has_struck = false;
      {
        const MemoryShortage shortage(spared, kOne);
        sent = try_perform(send);
        has_struck = shortage.has_struck();
      }
      overwrite_stack();
      CHECK(sleep_for(milliseconds(1)));
      channel.close();
      CHECK(test::receive_until_end(peer.get()) == (sent ? "sent" : ""));
      return has_struck;
    });
  });
}

TEST_CASE("a wait for time needs no memory") {
  test::on_each_loop([](EventLoop& loop) {
    const MemoryShortage shortage;
    CHECK(loop.wait_until(deadline_after(milliseconds(1))) == -kDeadlineEnd);
  });
}

TEST_CASE("a fiber without memory is not started, and the next one may be") {
  test::on_each_loop([](EventLoop& loop) {
    std::size_t started = 0;
    std::size_t ran = 0;
    FiberGroup group(loop);
    test::with_each_allocation_failing([&](std::size_t spared) {
      const MemoryShortage shortage(spared, kOne);
      for (int i = 0; i < 100; ++i)
        started += loop.spawn(
                       "one", [&] { ++ran; }, &group)
                       ? 1
                       : 0;
      return shortage.has_struck();
    });
    group.join();
    CHECK(started > 100);
    CHECK(ran == started);
  });
}

TEST_CASE("offloaded work is reported without memory") {
  test::on_each_engine([] {
    std::optional<MemoryShortage> shortage;
    const int result = Engine::current().offload([&] { shortage.emplace(); });
    shortage.reset();
    CHECK(result == 0);
  });
}

TEST_CASE(
    "a connection that cannot be kept for lack of memory is closed, and the next is accepted") {
  test::on_each_loop([](EventLoop&) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      auto [listening, port] = test::tcp_listener();
      Channel listener(std::move(listening));
      const UniqueFd peer = test::connect_tcp(port);
      bool has_struck = false;
      int accepted = 0;
      {
        const MemoryShortage shortage(spared, kOne);
        Accept accept(listener);
        accepted = try_perform(accept).value_or(-ENOMEM);
        has_struck = shortage.has_struck();
      }
      if (accepted >= 0) {
        UniqueFd(accepted).reset();
        return has_struck;
      }
      CHECK(accepted == -ENOMEM);
      const UniqueFd other = test::connect_tcp(port);
      Accept again(listener);
      UniqueFd(try_perform(again).value()).reset();
      return has_struck;
    });
  });
}

TEST_CASE("a withdrawal without memory loses nothing") {
  test::on_each_loop([](EventLoop& loop) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      test::send_text(peer.get(), "one");
      Receive receive(channel, loop);
      REQUIRE(loop.perform(receive, Deadline::never()) == 3);
      for (const char* word : {",two", ",three", ",four"}) {
        test::send_text(peer.get(), word);
        for (int i = 0; i < 5; ++i) loop.yield();
      }
      bool has_struck = false;
      {
        const MemoryShortage shortage(spared, kOne);
        try {
          channel.withdraw();
        } catch (const std::bad_alloc&) {
        }
        has_struck = shortage.has_struck();
      }
      ::shutdown(peer.get(), SHUT_WR);
      CHECK(receive_all(channel) == ",two,three,four");
      return has_struck;
    });
  });
}

TEST_CASE("a loop that ends without memory leaves its channels complete or closed") {
  for (const EngineKind kind : test::loop_engines()) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      auto loop = make_event_loop({.engine = kind});
      REQUIRE(loop);
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      (*loop)->spawn("test", [&, peer_fd = peer.get()] {
        test::send_text(peer_fd, "one");
        Receive receive(channel, **loop);
        REQUIRE((*loop)->perform(receive, Deadline::never()) == 3);
        test::send_text(peer_fd, "two");
        for (int i = 0; i < 5; ++i) (*loop)->yield();
      });
      (*loop)->run();
      bool has_struck = false;
      {
        const MemoryShortage shortage(spared, kOne);
        loop->reset();
        has_struck = shortage.has_struck();
      }
      ::shutdown(peer.get(), SHUT_WR);
      if (channel.is_open()) CHECK(receive_all(channel) == "two");
      return has_struck;
    });
  }
}

TEST_CASE("a worker is interrupted without memory") {
  for (const EngineKind kind : test::loop_engines()) {
    std::promise<void> waits;
    int ended = 0;
    auto worker = start_thread_worker({.kind = WorkerKind::loop,
                                       .name = "test",
                                       .loop = {.engine = kind},
                                       .body =
                                           [&] {
                                             waits.set_value();
                                             ended =
                                                 Engine::current().wait_until(Deadline::never());
                                           },
                                       .on_end = [] {}});
    REQUIRE(worker);
    waits.get_future().wait();
    {
      const MemoryShortage shortage;
      (*worker)->interrupt(kCancelEnd);
    }
    worker->reset();
    CHECK(ended == -kCancelEnd);
  }
}

TEST_CASE("a receive on a thread without a loop fails if there is no memory for its buffer") {
  auto [ours, peer] = test::stream_pair();
  test::send_text(peer.get(), "text");
  BlockingEngine engine;
  Channel channel(std::move(ours));
  Receive receive(channel, engine);
  {
    const MemoryShortage shortage;
    CHECK(engine.perform(receive, Deadline::never()) == -ENOBUFS);
  }
  CHECK(engine.perform(receive, Deadline::never()) == 4);
}

}  // namespace hotline::engine::memory_shortage_test
