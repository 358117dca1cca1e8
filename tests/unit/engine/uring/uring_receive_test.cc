#include <sys/socket.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "engine/operations/receive.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

// buffer_shortage_test checks streams when buffers are short, which is the same on both loops.

namespace hotline::engine::uring_receive_test {
namespace {

void on_uring(const std::function<void(EventLoop&)>& body) {
  if (probe_uring().is_usable) test::on_loop(EngineKind::uring, body);
}

int receive(EventLoop& loop, Channel& channel, Buffer& buffer) {
  Receive operation(channel, loop);
  const int result = loop.perform(operation, Deadline::never());
  buffer = std::move(operation.buffer);
  return result;
}

/// Floods `channel` until its loop receives without a multishot, and takes all the bytes.
void make_direct(EventLoop& loop, Channel& channel, int peer) {
  const std::string flood(96 * 1024, 'f');
  test::send_text(peer, flood);
  Buffer buffer;
  std::size_t received = 0;
  while (received < flood.size()) {
    // The multishot takes all, before the next receive, and is stopped.
    for (int i = 0; i < 5; ++i) loop.yield();
    const int result = receive(loop, channel, buffer);
    REQUIRE(result > 0);
    received += static_cast<std::size_t>(result);
    buffer = {};
  }
}

}  // namespace

TEST_CASE("a peer that is not read is slowed down: a connection queues a limited amount") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    const UniqueFd duplicate(::dup(ours.get()));
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "x");
    Buffer buffer;
    REQUIRE(receive(loop, channel, buffer) == 1);
    buffer = {};
    std::size_t sent = 0;
    const std::string piece(64 * 1024, 'p');
    // Far more than the socket's own buffers take.
    for (int i = 0; i < 400; ++i) {
      const ssize_t size = ::send(peer.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (size > 0) sent += static_cast<std::size_t>(size);
      loop.yield();
    }
    CHECK(sent < 4 * 1024 * 1024);
    std::size_t received = 0;
    while (received < sent) {
      const int result = receive(loop, channel, buffer);
      REQUIRE(result > 0);
      received += static_cast<std::size_t>(result);
      buffer = {};
    }
    CHECK(received == sent);
  });
}

TEST_CASE("a flooded stream is received to its end, in order, in either way") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    std::string sent;
    std::string received;
    Buffer buffer;
    for (int round = 0; round < 20; ++round) {
      std::string piece(200 * 1024, '\0');
      for (std::size_t i = 0; i < piece.size(); ++i) {
        piece[i] = static_cast<char>((sent.size() + i) * 31 >> 3);
      }
      const ssize_t size = ::send(peer.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      REQUIRE(size > 0);
      sent += piece.substr(0, static_cast<std::size_t>(size));
      // Sometimes all of it, so that the multishot is armed again, sometimes not.
      const std::size_t left_max = round % 3 == 0 ? 0 : 50 * 1024;
      while (sent.size() - received.size() > left_max) {
        const int result = receive(loop, channel, buffer);
        REQUIRE(result > 0);
        received += as_text(Bytes(buffer.memory().first(buffer.filled())));
        buffer = {};
        if (round % 2 == 0) loop.yield();
      }
    }
    peer.reset();
    while (receive(loop, channel, buffer) > 0) {
      received += as_text(Bytes(buffer.memory().first(buffer.filled())));
      buffer = {};
    }
    CHECK((received == sent));
  });
}

TEST_CASE("a drain that is asked for between two attempts of a flooded stream ends its receive") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    make_direct(loop, channel, peer.get());
    // Each of these takes one attempt. There is one more than a fiber may make in one turn, so the
    // others run before the last.
    constexpr std::size_t kAttempts = 65;
    std::array<std::byte, 100> piece{};
    test::send_text(peer.get(), std::string((kAttempts - 1) * piece.size(), 'p'));
    FiberGroup group(loop);
    int last = 0;
    bool has_received = false;
    loop.spawn(
        "receive",
        [&] {
          for (std::size_t i = 0; i < kAttempts; ++i) {
            has_received = i == kAttempts - 1;
            Receive operation(channel, loop, piece);
            last = loop.perform(operation, deadline_after(std::chrono::seconds(5)));
            if (!has_received) CHECK(last == static_cast<int>(piece.size()));
          }
        },
        &group);
    while (!has_received) loop.yield();
    group.interrupt(kDrainEnd);
    group.join();
    CHECK(last == -kDrainEnd);
  });
}

TEST_CASE("what has arrived before a receive can be taken without one, in order") {
  on_uring([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    CHECK_FALSE(loop.has_arrived(channel));
    CHECK_FALSE(loop.take_arrived(channel));
    test::send_text(peer.get(), "x");
    Buffer buffer;
    REQUIRE(receive(loop, channel, buffer) == 1);
    buffer = {};
    CHECK_FALSE(loop.has_arrived(channel));
    const std::string text = std::string(16 * 1024, 'a') + std::string(16 * 1024, 'b') + "c";
    test::send_text(peer.get(), text);
    for (int i = 0; i < 5; ++i) loop.yield();
    REQUIRE(receive(loop, channel, buffer) > 0);
    std::string received(as_text(Bytes(buffer.memory().first(buffer.filled()))));
    buffer = {};
    CHECK(loop.has_arrived(channel));
    while (const Buffer next = loop.take_arrived(channel)) {
      received += as_text(Bytes(next.memory().first(next.filled())));
    }
    CHECK((received == text));
    CHECK_FALSE(loop.has_arrived(channel));
    test::send_text(peer.get(), "d");
    CHECK(receive(loop, channel, buffer) == 1);
  });
}

TEST_CASE("a flooded stream is received into large buffers, unless the program chose their size") {
  const auto check = [](const LoopOptions& options, std::size_t expected_bytes) {
    if (!probe_uring().is_usable) return;
    test::on_loop(
        EngineKind::uring,
        [expected_bytes](EventLoop& loop) {
          auto [ours, peer] = test::stream_pair();
          Channel channel(std::move(ours));
          make_direct(loop, channel, peer.get());
          test::send_text(peer.get(), std::string(expected_bytes + 100, 'm'));
          Buffer buffer;
          CHECK(receive(loop, channel, buffer) == static_cast<int>(expected_bytes));
        },
        options);
  };
  check({}, 64 * 1024);
  check({.receive_buffer_bytes = 16 * 1024}, 16 * 1024);
  // Too little memory for buffers of two sizes.
  check({.receive_memory_max = 256 * 1024, .hot_buffers = 4}, 16 * 1024 + 512);
}

}  // namespace hotline::engine::uring_receive_test
