#include <chrono>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/framed_exchange.h"
#include "support/memory_shortage.h"
#include "support/simulated.h"
#include "support/skipping_layer.h"

// How a frame dispatcher ends calls within a message, and what a lack of memory causes.

namespace hotline::server::frame_dispatcher_deadlines_test {
namespace {

using engine::EventLoop;
using test::FramedExchange;
using test::heard_until_end;
using test::say;

Reply echo(const Message& message) { return Reply::in_place(message); }

ServerOptions with_timeouts(StreamTimeouts timeouts) {
  ServerOptions options;
  options.timeouts = timeouts;
  return options;
}

}  // namespace

TEST_CASE("an unfinished message ends its call in time, however late its last byte came") {
  test::Simulation simulation;
  simulation.run([&] {
    using std::chrono::seconds;
    FramedExchange exchange(
        simulation.loop, echo,
        with_timeouts({.idle = std::chrono::minutes(5), .message = seconds(60)}));
    const Instant begin = now();
    const auto check_end = [&](Stream& call, seconds expected) {
      CHECK(heard_until_end(call) == "<closed>");
      CHECK(now() - begin >= expected);
      CHECK(now() - begin < expected + seconds(1));
    };
    Stream first = exchange.call();
    say(first, "a");
    CHECK(sleep_for(seconds(20)));
    Stream second = exchange.call();
    say(second, "a");
    CHECK(sleep_for(seconds(10)));
    Stream third = exchange.call();
    say(third, "a");
    // They continue in another order than that in which they began.
    CHECK(sleep_for(seconds(10)));
    say(second, "b");
    CHECK(sleep_for(seconds(10)));
    say(first, "b");
    CHECK(sleep_for(seconds(1)));
    say(third, "b");
    check_end(first, seconds(60));
    check_end(second, seconds(80));
    check_end(third, seconds(90));
  });
}

TEST_CASE("each message has its own time, even if each piece ends within one") {
  test::Simulation simulation;
  simulation.run([&] {
    using std::chrono::seconds;
    FramedExchange exchange(
        simulation.loop, echo,
        with_timeouts({.idle = std::chrono::minutes(5), .message = seconds(60)}));
    Stream call = exchange.call();
    say(call, "a");
    for (int i = 0; i < 10; ++i) {
      CHECK(sleep_for(seconds(40)));
      say(call, "b\na");
      CHECK(test::heard(call, 3) == "ab\n");
    }
    const Instant last = now();
    CHECK(heard_until_end(call) == "<closed>");
    CHECK(now() - last > seconds(59));
    CHECK(now() - last < seconds(61));
  });
}

TEST_CASE("a handler that takes longer than a message may does not end its call") {
  test::Simulation simulation;
  simulation.run([&] {
    using std::chrono::seconds;
    FramedExchange exchange(
        simulation.loop,
        [](const Message& message) {
          if (test::text_of(message) == "slow") CHECK(sleep_for(seconds(25)));
          return Reply::in_place(message);
        },
        with_timeouts({.idle = std::chrono::minutes(5), .message = seconds(20)}));
    Stream call = exchange.call();
    Stream late = exchange.call();
    say(call, "sl");
    CHECK(sleep_for(seconds(10)));
    say(late, "begun");
    say(call, "ow\nne");
    CHECK(test::heard(call, 5) == "slow\n");
    CHECK(heard_until_end(late) == "<closed>");
    CHECK(sleep_for(seconds(10)));
    say(call, "xt\n");
    CHECK(test::heard(call, 5) == "next\n");
  });
}

TEST_CASE("a caller that is silent within a message for too long is ended before its time is up") {
  test::Simulation simulation;
  simulation.run([&] {
    using std::chrono::seconds;
    FramedExchange exchange(simulation.loop, echo,
                            with_timeouts({.idle = seconds(10), .message = seconds(60)}));
    const Instant begin = now();
    Stream call = exchange.call();
    say(call, "a");
    CHECK(sleep_for(seconds(5)));
    say(call, "b");
    CHECK(heard_until_end(call) == "<closed>");
    CHECK(now() - begin >= seconds(15));
    CHECK(now() - begin < seconds(16));
  });
}

TEST_CASE("what a layer takes without a byte for the call does not make a caller less silent") {
  test::Simulation simulation;
  simulation.run([&] {
    using std::chrono::seconds;
    FramedExchange exchange(simulation.loop, echo,
                            with_timeouts({.first_byte = seconds(30), .idle = seconds(10)}));
    exchange.make_layer = [] { return std::make_unique<test::SkippingLayer>(); };
    const Instant begin = now();
    const auto check_end = [&](Stream& call, seconds expected) {
      CHECK(heard_until_end(call) == "<closed>");
      CHECK(now() - begin >= expected);
      CHECK(now() - begin < expected + seconds(1));
    };
    Stream first = exchange.call();
    CHECK(sleep_for(seconds(5)));
    Stream second = exchange.call();
    CHECK(sleep_for(seconds(5)));
    Stream spoken = exchange.call();
    for (int i = 0; i < 7; ++i) {
      say(first, "~");
      say(spoken, i == 3 ? "a~\n" : "~~");
      CHECK(sleep_for(seconds(2)));
      if (i == 3) CHECK(test::heard(spoken, 2) == "a\n");
    }
    say(second, "~");
    // At 10 + 3 * 2 + 10 s, though it has sent something since.
    check_end(spoken, seconds(26));
    check_end(first, seconds(30));
    check_end(second, seconds(35));
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

TEST_CASE("a caller whose time ends when a part of something comes is ended then") {
  test::on_each_loop([](EventLoop& loop) {
    using std::chrono::milliseconds;
    FramedExchange exchange(loop, echo, with_timeouts({.first_byte = milliseconds(1'000)}));
    exchange.make_layer = [] { return std::make_unique<test::SkippingLayer>(); };
    Stream call = exchange.call();
    exchange.settle();
    say(call, "~");
    // The loop sees the byte and the end of the time in one turn.
    std::this_thread::sleep_for(milliseconds(1'010));
    const Instant begin = loop.read_clock();
    CHECK(heard_until_end(call) == "<closed>");
    CHECK(loop.read_clock() - begin < milliseconds(900));
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

TEST_CASE("callers who have sent a part of something are drained as all others") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    exchange.make_layer = [] { return std::make_unique<test::SkippingLayer>(); };
    Stream unspoken = exchange.call();
    Stream idle = exchange.call();
    say(idle, "x\n");
    CHECK(test::heard(idle, 2) == "x\n");
    for (Stream* each : {&unspoken, &idle}) say(*each, "~");
    exchange.settle();
    exchange.drain();
    exchange.join();
    for (Stream* each : {&unspoken, &idle}) CHECK(heard_until_end(*each) == "<closed>");
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

TEST_CASE("a lack of memory at any point of a call never counts as a handler's failure") {
  test::on_each_loop([](EventLoop& loop) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      CAPTURE(spared);
      FramedExchange exchange(loop, echo);
      Stream call = exchange.call();
      say(call, "one\ntwo\n");
      bool has_struck = false;
      {
        const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
        exchange.settle();
        has_struck = shortage.has_struck();
      }
      // It fails if the call has been reset by now.
      static_cast<void>(call.shut_down_writes());
      const std::string heard = heard_until_end(call);
      const bool is_as_it_should_be = heard == "one\ntwo\n<closed>" || heard == "<reset>";
      CAPTURE(heard);
      CHECK(is_as_it_should_be);
      CHECK(exchange.counters().handler_failures == 0);
      return has_struck;
    });
  });
}

}  // namespace hotline::server::frame_dispatcher_deadlines_test
