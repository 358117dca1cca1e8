#include "engine/channel.h"

#include <sys/socket.h>

#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/operations/accept.h"
#include "engine/operations/receive.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::channel_test {
namespace {

int receive(Channel& channel, Buffer& buffer) {
  Receive operation(channel, Engine::current());
  const int result = Engine::current().perform(operation, Deadline::never());
  buffer = std::move(operation.buffer);
  return result;
}

std::string text_of(const Buffer& buffer) {
  return std::string(as_text(buffer.memory().first(buffer.filled())));
}

/// Returns all that is left: first what was carried, then what the kernel has.
std::string drain_text(Channel& channel) {
  std::string text;
  if (channel.carried) {
    for (const Buffer& buffer : channel.carried->buffers) text += text_of(buffer);
    channel.carried->buffers.clear();
  }
  std::string rest(1000, '\0');
  const ssize_t size = ::recv(channel.fd(), rest.data(), rest.size(), MSG_DONTWAIT);
  return text + rest.substr(0, static_cast<std::size_t>(std::max<ssize_t>(0, size)));
}

}  // namespace

TEST_CASE("a channel without an engine withdraws and closes by itself") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  channel.withdraw();
  CHECK(channel.is_open());
  channel.close();
  channel.close();
  CHECK_FALSE(channel.is_open());
  CHECK(channel.fd() == -1);
  CHECK(test::receive_until_end(peer.get()).empty());
}

TEST_CASE("a withdrawal keeps what an engine received before it was requested") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "asked");
    Buffer buffer;
    REQUIRE(receive(channel, buffer) == 5);
    buffer = {};
    test::send_text(peer.get(), "kept,");
    for (int i = 0; i < 5; ++i) loop.yield();
    test::send_text(peer.get(), "too");
    channel.withdraw();
    CHECK(drain_text(channel) == "kept,too");
  });
}

TEST_CASE("a withdrawal moves the unread part of a lease out of the engine's pool") {
  test::on_each_loop([](EventLoop&) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "read,unread");
    REQUIRE(receive(channel, channel.lease) == 11);
    CHECK(channel.lease.is_pooled());
    channel.unread = channel.lease.memory().subspan(5, 6);
    channel.withdraw();
    CHECK_FALSE(channel.lease.is_pooled());
    CHECK(as_text(channel.unread) == "unread");
  });
}

TEST_CASE("a withdrawal returns a lease that was read to its end") {
  test::on_each_loop([](EventLoop&) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "read");
    REQUIRE(receive(channel, channel.lease) == 4);
    channel.withdraw();
    CHECK_FALSE(channel.lease);
  });
}

TEST_CASE("a withdrawal keeps a caller that was accepted and not requested") {
  test::on_each_loop([](EventLoop& loop) {
    auto [listening, port] = test::tcp_listener();
    Channel listener(std::move(listening));
    const UniqueFd first = test::connect_tcp(port);
    Accept accept(listener, Accept::Ahead::allowed);
    UniqueFd accepted(loop.perform(accept, Deadline::never()));
    REQUIRE(accepted);
    const UniqueFd second = test::connect_tcp(port);
    for (int i = 0; i < 5; ++i) loop.yield();
    listener.withdraw();
    UniqueFd kept;
    if (listener.carried && !listener.carried->descriptors.empty()) {
      kept = std::move(listener.carried->descriptors.front());
    } else {
      Accept again(listener, Accept::Ahead::allowed);
      kept.reset(again.attempt());
    }
    CHECK(kept);
  });
}

TEST_CASE("a channel can move from loop to loop, and back") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::on_each_loop([&](EventLoop&) {
    test::send_text(peer.get(), "x");
    Buffer buffer;
    CHECK(receive(channel, buffer) == 1);
    buffer = {};
    channel.withdraw();
  });
  test::on_each_loop([&](EventLoop&) {
    test::send_text(peer.get(), "y");
    Buffer buffer;
    CHECK(receive(channel, buffer) == 1);
    buffer = {};
    channel.withdraw();
  });
}

TEST_CASE("a loop that is destroyed detaches its channels") {
  for (const EngineKind kind : test::loop_engines()) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::on_loop(kind, [&](EventLoop& loop) {
      test::send_text(peer.get(), "x");
      Buffer buffer;
      CHECK(receive(channel, buffer) == 1);
      test::send_text(peer.get(), "after,");
      for (int i = 0; i < 3; ++i) loop.yield();
    });
    test::send_text(peer.get(), "later");
    CHECK(drain_text(channel) == "after,later");
    channel.close();
    CHECK(test::receive_until_end(peer.get()).empty());
  }
}

TEST_CASE("closing discards what was not requested, and the peer sees the end") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "x");
    Buffer buffer;
    REQUIRE(receive(channel, buffer) == 1);
    buffer = {};
    for (int i = 0; i < 3; ++i) {
      test::send_text(peer.get(), "unasked");
      loop.yield();
    }
    channel.close();
    loop.yield();
    CHECK(test::receive_until_end(peer.get()).empty());
  });
}

TEST_CASE("a thousand channels come and go without leaving a descriptor") {
  test::on_each_loop([](EventLoop& loop) {
    const std::size_t before = test::open_descriptors();
    for (int i = 0; i < 1000; ++i) {
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      test::send_text(peer.get(), "x");
      Buffer buffer;
      REQUIRE(receive(channel, buffer) == 1);
    }
    for (int i = 0; i < 3; ++i) loop.yield();
    CHECK(test::open_descriptors() == before);
  });
}

}  // namespace hotline::engine::channel_test
