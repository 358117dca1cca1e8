#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "engine/operations/accept.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/read_write.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "engine/operations/wait_ready.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

// How waits end that are not completed: by a cancel, a drain or a deadline, before or while they
// wait, or together with their completion.

namespace hotline::engine::cancellation_test {
namespace {

int receive_some(EventLoop& loop, Channel& channel, Deadline deadline = Deadline::never()) {
  Receive receive(channel, loop);
  return loop.perform(receive, deadline);
}

/// Spawns `body`, lets it run until it waits, and returns its fiber.
Fiber* start(EventLoop& loop, FiberGroup& group, std::move_only_function<void()> body) {
  Fiber* fiber = nullptr;
  loop.spawn(
      "waiter",
      [&loop, &fiber, body = std::move(body)]() mutable {
        fiber = loop.fiber();
        body();
      },
      &group);
  loop.yield();
  return fiber;
}

/// Lets the loop take several turns, after which the kernel has what was submitted.
void let_settle(EventLoop& loop) {
  for (int i = 0; i < 5; ++i) loop.yield();
}

}  // namespace

TEST_CASE("an operation of a fiber that is already cancelled does not begin") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "kept");
    FiberGroup group(loop);
    int received = 0;
    int slept = 0;
    loop.spawn(
        "test",
        [&] {
          received = receive_some(loop, channel);
          slept = loop.wait_until(deadline_after(std::chrono::hours(1)), OnDrain::goes_on);
        },
        &group);
    group.interrupt(kCancelEnd);
    group.join();
    CHECK(received == -kCancelEnd);
    CHECK(slept == -kCancelEnd);
    CHECK(receive_some(loop, channel) == 4);
  });
}

TEST_CASE("a drain ends a pause that it is allowed to end, and no other") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    int ended = 0;
    int slept = 0;
    start(loop, group, [&] { ended = loop.wait_until(Deadline::never(), OnDrain::ends); });
    start(loop, group, [&] {
      slept = loop.wait_until(deadline_after(std::chrono::milliseconds(3)), OnDrain::goes_on);
    });
    let_settle(loop);
    group.interrupt(kDrainEnd);
    group.join();
    CHECK(ended == -kDrainEnd);
    CHECK(slept == -kDeadlineEnd);
  });
}

TEST_CASE("a cancel ends a wait of every kind") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    auto [datagrams, other] = test::datagram_pair();
    auto [listening, port] = test::tcp_listener();
    auto [full, reader] = test::stream_pair();
    test::fill(full.get());
    Channel channel(std::move(ours));
    Channel datagram_channel(std::move(datagrams));
    Channel listener(std::move(listening));
    Channel full_channel(std::move(full));
    int results[7] = {};
    FiberGroup group(loop);
    const auto begin = [&](int& result, auto body) {
      start(loop, group, [&result, body] { result = body(); });
    };
    mmsghdr message{};
    const std::string text(1000, 'x');
    std::byte one{};
    begin(results[0], [&] { return receive_some(loop, channel); });
    begin(results[1], [&] {
      Accept accept(listener, Accept::Ahead::allowed);
      return loop.perform(accept, Deadline::never());
    });
    begin(results[2], [&] {
      ReceiveDatagrams receive(datagram_channel, {&message, 1});
      return loop.perform(receive, Deadline::never());
    });
    begin(results[3], [&] {
      Send send(full_channel, as_bytes(text));
      return loop.perform(send, Deadline::never());
    });
    begin(results[4], [&] {
      Read read(full_channel, {&one, 1});
      return loop.perform(read, Deadline::never());
    });
    begin(results[5], [&] { return loop.wait_until(Deadline::never(), OnDrain::goes_on); });
    begin(results[6], [&] { return LoopEvent(loop).wait(); });
    let_settle(loop);
    CHECK(group.size() == 7);
    group.interrupt(kCancelEnd);
    group.join();
    for (const int result : results) CHECK(result == -kCancelEnd);
  });
}

TEST_CASE("a drain ends a receive, an accept and a receive of datagrams, no other wait") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    auto [datagrams, other] = test::datagram_pair();
    auto [listening, port] = test::tcp_listener();
    Channel channel(std::move(ours));
    Channel datagram_channel(std::move(datagrams));
    Channel listener(std::move(listening));
    mmsghdr message{};
    int results[3] = {};
    FiberGroup drained(loop);
    start(loop, drained, [&] { results[0] = receive_some(loop, channel); });
    start(loop, drained, [&] {
      Accept accept(listener, Accept::Ahead::allowed);
      results[1] = loop.perform(accept, Deadline::never());
    });
    start(loop, drained, [&] {
      ReceiveDatagrams receive(datagram_channel, {&message, 1});
      results[2] = loop.perform(receive, Deadline::never());
    });
    let_settle(loop);
    drained.interrupt(kDrainEnd);
    drained.join();
    for (const int result : results) CHECK(result == -kDrainEnd);
  });
}

TEST_CASE("a wait that is not drainable goes on through a drain") {
  test::on_each_loop([](EventLoop& loop) {
    auto [full, reader] = test::stream_pair();
    const std::size_t filled = test::fill(full.get());
    Channel channel(std::move(full));
    LoopEvent happened(loop);
    int waited = -1;
    int sent = -1;
    FiberGroup group(loop);
    start(loop, group, [&] { waited = happened.wait(); });
    start(loop, group, [&] {
      Send send(channel, as_bytes("x"));
      sent = loop.perform(send, Deadline::never());
    });
    let_settle(loop);
    group.interrupt(kDrainEnd);
    let_settle(loop);
    CHECK(group.size() == 2);
    happened.set();
    CHECK(test::receive_text(reader.get(), filled).size() == filled);
    group.join();
    CHECK(waited == 0);
    CHECK(sent == 1);
  });
}

TEST_CASE("a drained fiber still gets what is pending, and only then the drain") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "pending");
    FiberGroup group(loop);
    int first = 0;
    int second = 0;
    loop.spawn(
        "test",
        [&] {
          first = receive_some(loop, channel);
          second = receive_some(loop, channel);
        },
        &group);
    group.interrupt(kDrainEnd);
    group.join();
    CHECK(first == 7);
    CHECK(second == -kDrainEnd);
  });
}

TEST_CASE("a drain does not end a receive if bytes have arrived in the meantime") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    int received = 0;
    Fiber* fiber = start(loop, group, [&] { received = receive_some(loop, channel); });
    let_settle(loop);
    test::send_text(peer.get(), "in time");
    loop.interrupt(*fiber, kDrainEnd);
    group.join();
    CHECK(received == 7);
  });
}

TEST_CASE("bytes that arrive between two receives of a drained fiber are received") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "first");
    FiberGroup group(loop);
    int second = 0;
    start(loop, group, [&] {
      receive_some(loop, channel);
      loop.interrupt(*loop.fiber(), kDrainEnd);
      test::send_text(peer.get(), "second");
      second = receive_some(loop, channel);
    });
    group.join();
    CHECK(second == 6);
  });
}

TEST_CASE("a drain does not end an accept if a caller has arrived in the meantime") {
  test::on_each_loop([](EventLoop& loop) {
    auto [listening, port] = test::tcp_listener();
    Channel listener(std::move(listening));
    FiberGroup group(loop);
    int accepted = 0;
    Fiber* fiber = start(loop, group, [&] {
      Accept accept(listener, Accept::Ahead::allowed);
      accepted = loop.perform(accept, Deadline::never());
    });
    let_settle(loop);
    const UniqueFd caller = test::connect_tcp(port);
    loop.interrupt(*fiber, kDrainEnd);
    group.join();
    CHECK(accepted >= 0);
    UniqueFd(accepted).reset();
  });
}

TEST_CASE("a drain does not end a receive of datagrams if one has arrived in the meantime") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    int received = 0;
    mmsghdr message{};
    Fiber* fiber = start(loop, group, [&] {
      ReceiveDatagrams receive(channel, {&message, 1});
      received = loop.perform(receive, Deadline::never());
    });
    let_settle(loop);
    test::send_text(peer.get(), "in time");
    loop.interrupt(*fiber, kDrainEnd);
    group.join();
    CHECK(received == 1);
  });
}

TEST_CASE("bytes that arrive together with a cancel are not lost") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    int received = 0;
    Fiber* fiber = start(loop, group, [&] { received = receive_some(loop, channel); });
    let_settle(loop);
    test::send_text(peer.get(), "bytes");
    loop.interrupt(*fiber, kCancelEnd);
    group.join();
    CHECK((received == -kCancelEnd || received == 5));
    if (received < 0) CHECK(receive_some(loop, channel) == 5);
  });
}

TEST_CASE("a caller that arrives together with a cancel is not lost") {
  test::on_each_loop([](EventLoop& loop) {
    auto [listening, port] = test::tcp_listener();
    Channel listener(std::move(listening));
    FiberGroup group(loop);
    const auto accept_one = [&](Deadline deadline) {
      Accept accept(listener, Accept::Ahead::allowed);
      return loop.perform(accept, deadline);
    };
    int accepted = 0;
    Fiber* fiber = start(loop, group, [&] { accepted = accept_one(Deadline::never()); });
    let_settle(loop);
    const UniqueFd caller = test::connect_tcp(port);
    loop.interrupt(*fiber, kCancelEnd);
    group.join();
    if (accepted == -kCancelEnd) accepted = accept_one(Deadline::never());
    CHECK(accepted >= 0);
    UniqueFd(accepted).reset();
  });
}

TEST_CASE("a deadline ends a receive and leaves what arrives later to the next") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    CHECK(receive_some(loop, channel, deadline_after(std::chrono::milliseconds(1))) ==
          -kDeadlineEnd);
    test::send_text(peer.get(), "later");
    CHECK(receive_some(loop, channel) == 5);
    CHECK(receive_some(loop, channel, Deadline::at(now())) == -kDeadlineEnd);
  });
}

TEST_CASE("a deadline that has passed does not prevent the receive of available data") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "there");
    CHECK(receive_some(loop, channel, Deadline::at(now())) == 5);
  });
}

TEST_CASE("a cancel after a drain still ends what the drain did not") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    int waited = 0;
    start(loop, group, [&] { waited = LoopEvent(loop).wait(); });
    group.interrupt(kDrainEnd);
    loop.yield();
    group.interrupt(kCancelEnd);
    group.interrupt(kDrainEnd);
    group.join();
    CHECK(waited == -kCancelEnd);
  });
}

}  // namespace hotline::engine::cancellation_test
