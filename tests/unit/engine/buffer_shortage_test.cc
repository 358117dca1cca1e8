#include <sys/socket.h>

#include <array>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

// How a loop treats its streams when receive buffers are short.

namespace hotline::engine::buffer_shortage_test {
namespace {

constexpr std::size_t kBufferBytes = 16 * 1024;
constexpr std::size_t kBufferCount = 64;

LoopOptions few_buffers() {
  LoopOptions options;
  options.receive_buffer_bytes = kBufferBytes;
  options.receive_memory_max = kBufferCount * kBufferBytes;
  options.hot_buffers = 8;
  return options;
}

/// A stream whose peer has sent more than is received, and reads nothing.
struct Flooded {
  Flooded() {
    auto [ours, theirs] = test::stream_pair();
    channel.emplace(std::move(ours));
    peer = std::move(theirs);
    send_more();
  }

  void send_more() const {
    const std::string piece(64 * 1024, 'f');
    while (::send(peer.get(), piece.data(), piece.size(), MSG_DONTWAIT) > 0) continue;
  }

  std::optional<Channel> channel;
  UniqueFd peer;
};

int receive(EventLoop& loop, Channel& channel) {
  Receive operation(channel, loop);
  const int result = loop.perform(operation, Deadline::never());
  channel.lease = std::move(operation.buffer);
  return result;
}

/// Twice: only the second buffer shows that the peer sends much.
void receive_much(EventLoop& loop, Flooded& flooded) {
  for (int i = 0; i < 2; ++i) {
    flooded.channel->lease = {};
    if (receive(loop, *flooded.channel) <= 0) return;
    flooded.send_more();
  }
}

/// Lets each of them receive much on a fiber of `holders`, and hold it until that is interrupted.
void hold_much(EventLoop& loop, std::list<Flooded>& floods, FiberGroup& holders) {
  for (Flooded& each : floods) {
    loop.spawn(
        "holder",
        [&loop, &each] {
          receive_much(loop, each);
          LoopEvent never(loop);
          never.wait();
        },
        &holders);
  }
  for (int i = 0; i < 200; ++i) loop.yield();
}

}  // namespace

TEST_CASE("streams that carry much data leave buffers for those that carry little") {
  test::on_each_loop(
      [](EventLoop& loop) {
        std::list<Flooded> floods(2 * kBufferCount);
        FiberGroup holders(loop);
        hold_much(loop, floods, holders);
        for (int i = 0; i < 20; ++i) {
          auto [ours, peer] = test::stream_pair();
          Channel light(std::move(ours));
          test::send_text(peer.get(), "hello");
          CHECK(receive(loop, light) == 5);
        }
        holders.interrupt(kCancelEnd);
        holders.join();
      },
      few_buffers());
}

TEST_CASE("a flooded stream is received however few buffers there are") {
  for (const std::size_t count : {1U, 2U, 3U, 16U, 64U}) {
    CAPTURE(count);
    LoopOptions options;
    options.receive_buffer_bytes = kBufferBytes;
    options.receive_memory_max = count * kBufferBytes;
    test::on_each_loop(
        [](EventLoop& loop) {
          Flooded flooded;
          for (int i = 0; i < 100; ++i) {
            flooded.channel->lease = {};
            Receive operation(*flooded.channel, loop);
            REQUIRE(loop.perform(operation, deadline_after(std::chrono::seconds(10))) > 0);
            flooded.channel->lease = std::move(operation.buffer);
            flooded.send_more();
          }
          flooded.channel->lease = {};
        },
        options);
  }
}

TEST_CASE("on epoll a stream that carries little is served even if others hold every buffer") {
  test::on_loop(
      EngineKind::epoll,
      [](EventLoop& loop) {
        std::list<Flooded> floods(2 * kBufferCount);
        FiberGroup holders(loop);
        for (Flooded& each : floods) {
          loop.spawn(
              "holder", [&loop, &each] { receive(loop, *each.channel); }, &holders);
        }
        for (int i = 0; i < 200; ++i) loop.yield();
        for (const std::size_t size : {1U, 512U, 4096U}) {
          auto [ours, peer] = test::stream_pair();
          Channel light(std::move(ours));
          test::send_text(peer.get(), std::string(size, 'l'));
          std::size_t received = 0;
          while (received < size) {
            const int piece = receive(loop, light);
            REQUIRE(piece > 0);
            received += static_cast<std::size_t>(piece);
          }
          CHECK(received == size);
        }
        holders.interrupt(kCancelEnd);
        holders.join();
      },
      few_buffers());
}

TEST_CASE("flooded streams that wait for a buffer get one as soon as enough are returned") {
  test::on_each_loop(
      [](EventLoop& loop) {
        std::list<Flooded> floods(kBufferCount);
        std::vector<Flooded*> served;
        LoopEvent another(loop);
        bool is_held = true;
        FiberGroup holders(loop);
        for (Flooded& each : floods) {
          loop.spawn(
              "holder",
              [&] {
                receive_much(loop, each);
                served.push_back(&each);
                another.set();
                if (!is_held) each.channel->lease = {};
                LoopEvent never(loop);
                never.wait();
              },
              &holders);
        }
        for (int i = 0; i < 200; ++i) loop.yield();
        const std::size_t before = served.size();
        REQUIRE(before < floods.size());
        is_held = false;
        for (std::size_t i = 0; i < before; ++i) served[i]->channel->lease = {};
        // Nothing else happens that would wake the loop.
        const Deadline patience = deadline_after(std::chrono::seconds(5));
        while (served.size() < floods.size() && another.wait(patience) == 0) continue;
        CHECK(served.size() == floods.size());
        CHECK_FALSE(patience.has_passed(now()));
        holders.interrupt(kCancelEnd);
        holders.join();
      },
      few_buffers());
}

TEST_CASE("a stream that gave up waiting for a buffer can receive little, and be closed") {
  test::on_each_loop(
      [](EventLoop& loop) {
        std::list<Flooded> floods(kBufferCount + 8);
        FiberGroup holders(loop);
        hold_much(loop, floods, holders);
        // All of them wait for a buffer that only the reserve has, or hold one.
        holders.interrupt(kCancelEnd);
        holders.join();
        for (Flooded& each : floods) each.channel->lease = {};
        for (Flooded& each : floods) {
          std::array<std::byte, 16> few;
          Receive some(*each.channel, loop, few);
          CHECK(loop.perform(some, deadline_after(std::chrono::seconds(5))) == 16);
          each.channel->close();
        }
        Flooded last;
        CHECK(receive(loop, *last.channel) > 0);
        last.channel->close();
      },
      few_buffers());
}

TEST_CASE("a stream whose peer reads nothing is cut when others need the buffer that it holds") {
  test::on_each_loop(
      [](EventLoop& loop) {
        std::list<Flooded> floods(2 * kBufferCount);
        FiberGroup writers(loop);
        std::vector<int> ends;
        int served_count = 0;
        Operation::Start start = Operation::Start::with_others;
        for (Flooded& each : floods) {
          start = Operation::Start(start == Operation::Start::with_others);  // The other one.
          loop.spawn(
              "writer",
              [&loop, &each, &ends, &served_count, start] {
                receive_much(loop, each);
                if (loop.scope().end_code != 0) return;
                ++served_count;
                int result = 0;
                while (result >= 0) {
                  Send send(*each.channel, each.channel->lease.memory(), start);
                  result = loop.perform(send, Deadline::never());
                }
                ends.push_back(result);
                each.channel->close();
              },
              &writers);
        }
        // Every stream that waited for a buffer has got one in the end.
        while (served_count < static_cast<int>(floods.size())) {
          REQUIRE(sleep_for(std::chrono::milliseconds(10)));
        }
        for (const int end : ends) CHECK(end == -kShortageEnd);
        CHECK(ends.size() >= floods.size() - kBufferCount);
        CHECK(ends.size() < floods.size());
        writers.interrupt(kCancelEnd);
        writers.join();
      },
      few_buffers());
}

}  // namespace hotline::engine::buffer_shortage_test
