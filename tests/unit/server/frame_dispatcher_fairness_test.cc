#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "hotline/core/bytes.h"
#include "server/frame_dispatcher.h"
#include "support/framed_exchange.h"

// What a call that brings much, or never ends a message, does to the others of its dispatcher.

namespace hotline::server::frame_dispatcher_fairness_test {
namespace {

using engine::EventLoop;
using test::FramedExchange;
using test::heard;
using test::heard_until_end;
using test::say;
using test::text_of;

Reply echo(const Message& message) { return Reply::in_place(message); }

}  // namespace

TEST_CASE("a call that sends without end lets the loop's other fibers run between its messages") {
  test::on_each_loop([](EventLoop& loop) {
    int answered_count = 0;
    FramedExchange exchange(loop, [&](const Message& message) {
      const Instant until = loop.read_clock() + std::chrono::microseconds(10);
      while (loop.read_clock() < until) continue;
      ++answered_count;
      return Reply::in_place(message);
    });
    Stream call = exchange.call();
    constexpr int kCount = 16 * 1024;
    say(call, std::string(kCount, '\n'));
    int between_max = 0;
    while (answered_count < kCount) {
      const int before = answered_count;
      loop.yield();
      between_max = std::max(between_max, answered_count - before);
    }
    CHECK(between_max <= 512);
    CHECK(heard(call, kCount) == std::string(kCount, '\n'));
  });
}

TEST_CASE("a call that carries little is served before calls that have carried much") {
  test::on_each_loop([](EventLoop& loop) {
    std::string order;
    FramedExchange exchange(loop, [&](const Message& message) {
      const std::string text = text_of(message);
      if (order.empty() || order.back() != text[0]) order += text[0];
      const Instant until = loop.read_clock() + std::chrono::microseconds(5);
      while (loop.read_clock() < until) continue;
      return Reply::in_place(message);
    });
    Stream flood = exchange.call();
    Stream light = exchange.call();
    std::string many;
    for (int i = 0; i < 4000; ++i) many += "f\n";
    say(flood, many);
    // Its first piece shows what it is.
    while (order.empty()) loop.yield();
    say(light, "l\n");
    CHECK(heard(light, 2) == "l\n");
    CHECK(heard(flood, many.size()) == many);
    CHECK(order == "flf");
  });
}

TEST_CASE("a cut ends calls whose callers never stop sending") {
  test::on_each_loop([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    Stream call = exchange.call();
    bool has_stopped = false;
    engine::FiberGroup callers(loop);
    loop.spawn(
        "sender",
        [&] {
          const std::string flood(64 * 1024, '\n');
          while (call.write_all(as_bytes(flood))) continue;
        },
        &callers);
    loop.spawn(
        "receiver",
        [&] {
          while (call.receive()) continue;
          has_stopped = true;
        },
        &callers);
    for (int i = 0; i < 50; ++i) loop.yield();
    exchange.cut();
    exchange.join();
    callers.join();
    CHECK(has_stopped);
  });
}

TEST_CASE("a message that arrives very slowly ends its call when its time is up") {
  test::on_all_loops([](EventLoop& loop) {
    ServerOptions options;
    options.timeouts.message = std::chrono::milliseconds(200);
    FramedExchange exchange(loop, echo, options);
    Stream call = exchange.call();
    std::string sent;
    while (call.write_all(as_bytes("x"))) {
      sent += 'x';
      REQUIRE(sleep_for(std::chrono::milliseconds(5)));
      if (const auto end = call.receive_now(); !end) break;
    }
    CHECK(sent.size() >= 2);
    call.close();
    while (exchange.counters().calls_in_flight > 0)
      REQUIRE(sleep_for(std::chrono::milliseconds(1)));
    CHECK(exchange.log().has_detail("timed out"));
  });
}

TEST_CASE("a message within its time is answered, and so is the one after it") {
  test::on_all_loops([](EventLoop& loop) {
    ServerOptions options;
    options.timeouts.message = std::chrono::seconds(20);
    FramedExchange exchange(loop, echo, options);
    Stream call = exchange.call();
    for (int i = 0; i < 2; ++i) {
      for (const char* piece : {"o", "n", "e", "\n"}) {
        say(call, piece);
        exchange.settle();
      }
      CHECK(heard(call, 4) == "one\n");
    }
  });
}

TEST_CASE("unfinished messages share one budget: a call beyond it is ended, the others go on") {
  test::on_all_loops([](EventLoop& loop) {
    ServerOptions options;
    options.limits.message_memory_max = 256 * 1024;
    FramedExchange exchange(loop, echo, options);
    Stream small = exchange.call();
    say(small, "small");
    exchange.settle();
    Stream large = exchange.call();
    const std::string piece(64 * 1024, 'l');
    while (large.write_all(as_bytes(piece))) continue;
    CHECK(heard_until_end(large) == "<reset>");
    large.close();
    while (exchange.counters().calls_in_flight > 1)
      REQUIRE(sleep_for(std::chrono::milliseconds(1)));
    say(small, " enough\n");
    CHECK(heard(small, 13) == "small enough\n");
    CHECK(exchange.log().has_detail("no room is left for begun messages"));
    Stream next = exchange.call();
    const std::string message = std::string(100 * 1024, 'n') + "\n";
    say(next, message);
    CHECK((heard(next, message.size()) == message));
  });
}

}  // namespace hotline::server::frame_dispatcher_fairness_test
