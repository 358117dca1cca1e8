#include "engine/uring/uring_loop.h"

#include <sys/socket.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/operations/accept.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

// event_loop_test, cancellation_test and epoll_loop_test check what every engine with a loop must
// do.

namespace hotline::engine::uring_loop_test {
namespace {

void on_uring(const std::function<void(EventLoop&)>& body, LoopOptions options = {}) {
  if (probe_uring().is_usable) test::on_loop(EngineKind::uring, body, options);
}

int receive(EventLoop& loop, Channel& channel, Buffer& buffer) {
  Receive operation(channel, loop);
  const int result = loop.perform(operation, Deadline::never());
  buffer = std::move(operation.buffer);
  return result;
}

void let_settle(EventLoop& loop) {
  for (int i = 0; i < 5; ++i) loop.yield();
}

}  // namespace

TEST_CASE("callers beyond those that an acceptor asked for wait in the backlog, and none is lost") {
  on_uring([](EventLoop& loop) {
    auto [listening, port] = test::tcp_listener(256);
    Channel listener(std::move(listening));
    std::vector<UniqueFd> callers;
    callers.push_back(test::connect_tcp(port));
    Accept first(listener, Accept::Ahead::allowed);
    CHECK(UniqueFd(loop.perform(first, Deadline::never())));
    for (int i = 0; i < 200; ++i) {
      callers.push_back(test::connect_tcp(port));
      if (i % 10 == 0) loop.yield();
    }
    for (int i = 0; i < 200; ++i) {
      Accept accept(listener, Accept::Ahead::allowed);
      CHECK(UniqueFd(loop.perform(accept, deadline_after(std::chrono::seconds(10)))));
    }
  });
}

TEST_CASE("a listener that is closed with queued callers hangs up on them") {
  on_uring([](EventLoop& loop) {
    auto [listening, port] = test::tcp_listener();
    std::vector<UniqueFd> callers;
    {
      Channel listener(std::move(listening));
      callers.push_back(test::connect_tcp(port));
      Accept accept(listener, Accept::Ahead::allowed);
      CHECK(UniqueFd(loop.perform(accept, Deadline::never())));
      callers.push_back(test::connect_tcp(port));
      let_settle(loop);
    }
    let_settle(loop);
    for (const UniqueFd& caller : callers) CHECK(test::receive_until_end(caller.get()).empty());
  });
}

TEST_CASE("receiving starts again after all buffers were in use, for all fibers that wait") {
  LoopOptions options;
  options.receive_buffer_bytes = 4096;
  options.receive_memory_max = 8 * 4096;
  options.hot_buffers = 4;
  on_uring(
      [](EventLoop& loop) {
        constexpr std::size_t kStreams = 16;
        std::vector<UniqueFd> peers;
        FiberGroup group(loop);
        std::vector<std::size_t> received(kStreams);
        for (std::size_t i = 0; i < kStreams; ++i) {
          auto [ours, peer] = test::stream_pair();
          test::send_text(peer.get(), std::string(40'000, 'x'));
          ::shutdown(peer.get(), SHUT_WR);
          peers.push_back(std::move(peer));
          loop.spawn(
              "receiver",
              [&, i, channel = std::make_unique<Channel>(std::move(ours))] {
                Buffer buffer;
                for (int result; (result = receive(loop, *channel, buffer)) > 0; buffer = {}) {
                  received[i] += static_cast<std::size_t>(result);
                  loop.yield();
                }
              },
              &group);
        }
        group.join();
        for (const std::size_t each : received) CHECK(each == 40'000);
      },
      options);
}

TEST_CASE("more submissions than the ring has room for are all sent") {
  on_uring([](EventLoop& loop) {
    constexpr int kFibers = 1500;
    FiberGroup group(loop);
    int sent = 0;
    std::vector<std::unique_ptr<Channel>> channels;
    for (int i = 0; i < kFibers; ++i) {
      auto [one, other] = test::stream_pair();
      channels.push_back(std::make_unique<Channel>(std::move(one)));
      loop.spawn(
          "sender",
          [&, &channel = *channels.back(), peer_fd = std::move(other)] {
            Send send(channel, as_bytes("x"));
            if (loop.perform(send, Deadline::never()) == 1) ++sent;
            CHECK(test::receive_text(peer_fd.get(), 1) == "x");
          },
          &group);
    }
    group.join();
    CHECK(sent == kFibers);
  });
}

TEST_CASE("a send that its peer takes in pieces continues by itself, up to the deadline") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const std::string text(4 * 1024 * 1024, 's');
    Send send(channel, as_bytes(text));
    const int sent = loop.perform(send, deadline_after(std::chrono::milliseconds(5)));
    // What was sent before the deadline counts: it can be read.
    REQUIRE(sent > 0);
    CHECK(static_cast<std::size_t>(sent) < text.size());
    CHECK(test::receive_text(peer.get(), static_cast<std::size_t>(sent)).size() ==
          static_cast<std::size_t>(sent));
  });
}

TEST_CASE("a send that begins at once has reached the socket before any other fiber runs") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    bool has_run = false;
    FiberGroup group(loop);
    loop.spawn(
        "other", [&has_run] { has_run = true; }, &group);
    Send send(channel, as_bytes("hello"), Operation::Start::at_once);
    CHECK(loop.perform(send, Deadline::never()) == 5);
    CHECK_FALSE(has_run);
    CHECK(test::receive_text(peer.get(), 5) == "hello");
    group.join();
  });
}

TEST_CASE("a send that begins at once waits for room, up to the deadline") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const std::size_t filled = test::fill(channel.fd());
    const auto send_for = [&](Duration time) {
      Send send(channel, as_bytes("x"), Operation::Start::at_once);
      return loop.perform(send, deadline_after(time));
    };
    CHECK(send_for(Duration(0)) == -kDeadlineEnd);
    CHECK(send_for(std::chrono::milliseconds(1)) == -kDeadlineEnd);
    FiberGroup group(loop);
    loop.spawn(
        "reader", [&] { test::receive_text(peer.get(), filled); }, &group);
    CHECK(send_for(std::chrono::seconds(10)) == 1);
    CHECK(test::receive_text(peer.get(), 1) == "x");
    group.join();
  });
}

TEST_CASE("a fiber that sends at once without end leaves turns to others") {
  on_uring([](EventLoop& loop) {
    bool has_run = false;
    FiberGroup group(loop);
    loop.spawn(
        "other", [&has_run] { has_run = true; }, &group);
    const std::string piece(64 * 1024, 'p');
    for (int i = 0; i < 10 && !has_run; ++i) {
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      Send send(channel, as_bytes(piece), Operation::Start::at_once);
      CHECK(loop.perform(send, Deadline::never()) > 0);
    }
    CHECK(has_run);
    group.join();
  });
}

TEST_CASE("the end of receiving is kept when a channel leaves its loop, and leaves another one") {
  if (!probe_uring().is_usable) return;
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  on_uring([&](EventLoop& loop) {
    test::send_text(peer.get(), "x");
    Buffer buffer;
    REQUIRE(receive(loop, channel, buffer) == 1);
    buffer = {};
    peer.reset();
    let_settle(loop);
    channel.withdraw();
    REQUIRE(channel.carried);
    CHECK(channel.carried->end == 0);
  });
  on_uring([&](EventLoop& loop) {
    Send send(channel, as_bytes("x"));
    loop.perform(send, Deadline::never());
    channel.withdraw();
    CHECK(channel.carried->end == 0);
  });
}

}  // namespace hotline::engine::uring_loop_test
