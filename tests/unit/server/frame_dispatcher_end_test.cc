#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "server/frame_dispatcher.h"
#include "support/framed_exchange.h"

// How the calls of a frame dispatcher end, and the dispatcher itself.

namespace hotline::server::frame_dispatcher_end_test {
namespace {

using engine::EventLoop;
using engine::LoopEvent;
using std::chrono::milliseconds;
using test::FramedExchange;
using test::heard;
using test::heard_until_end;
using test::is_silent;
using test::say;
using test::text_of;

Reply echo(const Message& message) { return Reply::in_place(message); }

/// Waits for `gate` if the message says so.
MessageHandler gated(LoopEvent& gate) {
  return [&gate](const Message& message) {
    if (text_of(message) == "slow") gate.wait();
    return Reply::in_place(message);
  };
}

ServerOptions with_timeouts(StreamTimeouts timeouts) {
  ServerOptions options;
  options.timeouts = timeouts;
  return options;
}

}  // namespace

TEST_CASE("a caller that hangs up after its messages gets all replies, and then the end") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    Stream call = exchange.call();
    say(call, "one\ntwo\n");
    REQUIRE(call.shut_down_writes());
    CHECK(heard_until_end(call) == "one\ntwo\n<closed>");
    CHECK(exchange.counters().calls_in_flight == 0);
    CHECK(exchange.log().has("call began"));
    CHECK(exchange.log().has("call ended"));
    CHECK(exchange.log().count(LogLevel::info) == 0);
  });
}

TEST_CASE("a caller that sends nothing and hangs up is forgotten") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    for (const bool is_reset : {false, true}) {
      Stream call = exchange.call();
      is_reset ? call.abort() : call.close();
      exchange.settle();
      CHECK(exchange.counters().calls_in_flight == 0);
    }
    CHECK(exchange.log().count(LogLevel::info) == 0);
  });
}

TEST_CASE("a handler that throws breaks off its own call, and is counted") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, [&](const Message& message) -> Reply {
      const std::string text = text_of(message);
      if (text.starts_with("late")) loop.yield();
      if (text.ends_with("bad")) throw std::runtime_error("no");
      if (text.ends_with("worse")) throw 1;
      return Reply::in_place(message);
    });
    Stream good = exchange.call();
    int failures = 0;
    for (const char* text : {"bad\n", "worse\n", "late bad\n", "late worse\n"}) {
      CAPTURE(text);
      Stream bad = exchange.call();
      say(bad, std::string(text) + "behind\n");
      CHECK(heard_until_end(bad) == "<reset>");
      CHECK(exchange.counters().handler_failures == ++failures);
      say(good, "good\n");
      CHECK(heard(good, 5) == "good\n");
      CHECK(exchange.counters().calls_in_flight == 1);
    }
    CHECK(exchange.log().has("the handler failed; its call ends"));
  });
}

TEST_CASE("a reply that its framing cannot carry is a failure of its handler") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, [](const Message&) { return Reply("two\nlines"); });
    Stream call = exchange.call();
    say(call, "x\n");
    CHECK(heard_until_end(call) == "<reset>");
    CHECK(exchange.counters().handler_failures == 1);
  });
}

TEST_CASE(
    "bytes that are not a message end the call after the replies before them, with a log record") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo, {}, "netstring");
    exchange.framing().frame_max = 100;
    Stream other = exchange.call();
    std::size_t warnings = 0;
    for (const char* text : {"1:a,1:bx,1:c,", "1:a,hello", "1:a,101:", "1:a,99999999999"}) {
      for (const bool has_waited : {false, true}) {
        CAPTURE(text);
        Stream call = exchange.call();
        say(call, std::string(text).substr(0, 4));
        if (has_waited) CHECK(heard(call, 4) == "1:a,");
        say(call, text + 4);
        CHECK(heard_until_end(call) == (has_waited ? "<closed>" : "1:a,<closed>"));
        call.close();
        exchange.settle();
        CHECK(exchange.log().count(LogLevel::warning) == ++warnings);
      }
    }
    say(other, "1:a,");
    CHECK(heard(other, 4) == "1:a,");
    CHECK(exchange.counters().handler_failures == 0);
    CHECK(exchange.counters().calls_in_flight == 1);
  });
}

TEST_CASE("an end within a message is logged as such") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    Stream call = exchange.call();
    say(call, "one\ntw");
    REQUIRE(call.shut_down_writes());
    CHECK(heard_until_end(call) == "one\n<closed>");
    exchange.settle();
    CHECK(exchange.counters().calls_in_flight == 0);
    CHECK(exchange.log().has_detail("closed in the middle of a message"));
  });
}

TEST_CASE("callers that are silent at first, or fall silent, are disconnected in time") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(
        loop, echo, with_timeouts({.first_byte = milliseconds(30), .idle = std::chrono::hours(1)}));
    Stream silent = exchange.call();
    Stream spoken = exchange.call();
    say(spoken, "x\n");
    CHECK(heard(spoken, 2) == "x\n");
    CHECK(heard_until_end(silent) == "<closed>");
    CHECK(exchange.counters().calls_in_flight == 1);
    say(spoken, "y\n");
    CHECK(heard(spoken, 2) == "y\n");
    FramedExchange other(
        loop, echo, with_timeouts({.first_byte = std::chrono::hours(1), .idle = milliseconds(30)}));
    Stream unspoken = other.call();
    Stream idle = other.call();
    say(idle, "x\nbegi");
    CHECK(heard_until_end(idle) == "x\n<closed>");
    CHECK(other.counters().calls_in_flight == 1);
    CHECK(is_silent(unspoken));
  });
}

TEST_CASE("the silence of a single call ends too, even if no call had a deadline before it") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(
        loop,
        [&](const Message& message) {
          // Another fiber waits for calls when this one has returned.
          for (int i = 0; i < 3; ++i) loop.yield();
          return Reply::in_place(message);
        },
        with_timeouts({.first_byte = milliseconds(30), .idle = milliseconds(30)}));
    exchange.settle();
    Stream unspoken = exchange.call();
    CHECK(heard_until_end(unspoken) == "<closed>");
    Stream spoken = exchange.call();
    say(spoken, "x\n");
    CHECK(heard_until_end(spoken) == "x\n<closed>");
  });
}

TEST_CASE("who is silent is hung up on while others are busy, and while handlers wait") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    // Longer than a busy machine takes for an exchange.
    FramedExchange exchange(
        loop, gated(gate),
        with_timeouts({.first_byte = milliseconds(500), .idle = milliseconds(500)}));
    Stream slow = exchange.call();
    say(slow, "slow\n");
    Stream busy = exchange.call();
    Stream silent = exchange.call();
    while (is_silent(silent) && !silent.end_reason()) {
      say(busy, "x\n");
      CHECK(heard(busy, 2) == "x\n");
      CHECK(sleep_for(milliseconds(1)));
    }
    CHECK(silent.ended_with(ErrorKind::closed));
    CHECK(exchange.counters().calls_in_flight == 2);
    gate.set();
    CHECK(heard(slow, 5) == "slow\n");
  });
}

TEST_CASE("on a simulated loop each silent call ends exactly at its own deadline") {
  test::Simulation simulation;
  simulation.run([&] {
    FramedExchange exchange(
        simulation.loop, echo,
        with_timeouts({.first_byte = std::chrono::seconds(30), .idle = std::chrono::minutes(5)}));
    const Instant begin = now();
    Stream silent = exchange.call();
    CHECK(sleep_for(std::chrono::seconds(10)));
    Stream spoken = exchange.call();
    CHECK(sleep_for(std::chrono::seconds(10)));
    say(spoken, "x\n");
    CHECK(heard(spoken, 2) == "x\n");
    CHECK(heard_until_end(silent) == "<closed>");
    CHECK(now() - begin >= std::chrono::seconds(30));
    CHECK(now() - begin < std::chrono::seconds(31));
    CHECK(sleep_for(std::chrono::minutes(4)));
    say(spoken, "y\n");
    CHECK(heard(spoken, 2) == "y\n");
    const Instant last = now();
    CHECK(heard_until_end(spoken) == "<closed>");
    CHECK(now() - last >= std::chrono::minutes(4));
    CHECK(now() - last < std::chrono::minutes(6));
  });
}

TEST_CASE("a drain ends silent calls") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    Stream unspoken = exchange.call();
    Stream idle = exchange.call();
    say(idle, "x\n");
    CHECK(heard(idle, 2) == "x\n");
    Stream amid = exchange.call();
    say(amid, "begun");
    exchange.settle();
    exchange.drain();
    exchange.join();
    CHECK(exchange.has_ended());
    for (Stream* each : {&unspoken, &idle, &amid}) CHECK(heard_until_end(*each) == "<closed>");
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

TEST_CASE("a drained dispatcher answers what has come, and lets handlers finish") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    FramedExchange exchange(loop, gated(gate));
    Stream slow = exchange.call();
    say(slow, "slow\nbehind\n");
    Stream idle = exchange.call();
    exchange.settle();
    Stream pending = exchange.call();
    say(pending, "in time\n");
    if (loop.is_simulated()) exchange.settle();
    exchange.drain();
    CHECK(heard_until_end(pending) == "in time\n<closed>");
    CHECK(heard_until_end(idle) == "<closed>");
    CHECK_FALSE(exchange.has_ended());
    gate.set();
    CHECK(heard_until_end(slow) == "slow\nbehind\n<closed>");
    exchange.join();
    CHECK(exchange.has_ended());
  });
}

TEST_CASE("a caller who is taken after the drain came is answered what it has said already") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    FramedExchange exchange(loop, gated(gate));
    Stream slow = exchange.call();
    say(slow, "slow\n");
    exchange.settle();
    auto late = exchange.connected();
    REQUIRE(late);
    say(*late, "in time\n");
    exchange.settle();
    exchange.drain();
    exchange.settle();
    exchange.take_one();
    CHECK(heard_until_end(*late) == "in time\n<closed>");
    gate.set();
    CHECK(heard_until_end(slow) == "slow\n<closed>");
  });
}

TEST_CASE("a cut ends all calls at once, those whose handlers wait too") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    FramedExchange exchange(loop, gated(gate));
    Stream slow = exchange.call();
    say(slow, "slow\n");
    Stream idle = exchange.call();
    Stream amid = exchange.call();
    say(amid, "x\nbegun");
    CHECK(heard(amid, 2) == "x\n");
    exchange.settle();
    exchange.cut();
    exchange.join();
    CHECK(exchange.has_ended());
    for (Stream* each : {&slow, &idle, &amid}) {
      CHECK_FALSE(heard_until_end(*each).empty());
      CHECK_FALSE(each->ended_with(ErrorKind::timed_out));
    }
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

TEST_CASE("a dispatcher ends when no more calls will come and the last has ended") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    Stream call = exchange.call();
    exchange.settle();
    exchange.stop_taking();
    exchange.settle();
    CHECK_FALSE(exchange.has_ended());
    say(call, "x\n");
    CHECK(heard(call, 2) == "x\n");
    call.close();
    exchange.join();
    CHECK(exchange.has_ended());
    FramedExchange idle(loop, echo);
    idle.stop_taking();
    idle.join();
    CHECK(idle.has_ended());
  });
}

TEST_CASE(
    "if one call is wanted, one message is answered, then the call ends and the server drains") {
  test::on_all_loops([](EventLoop& loop) {
    ServerOptions options;
    options.calls = CallCount::one;
    FramedExchange exchange(loop, echo, options);
    Stream call = exchange.call();
    say(call, "one\ntwo\n");
    CHECK(heard_until_end(call) == "one\n<closed>");
    call.close();
    exchange.settle();
    CHECK(exchange.drain_count() == 1);
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

TEST_CASE("the room of a call is given back however it ends") {
  test::on_all_loops([](EventLoop& loop) {
    ServerOptions options;
    options.limits.connections_max = 3;
    FramedExchange exchange(
        loop,
        [](const Message& message) -> Reply {
          if (text_of(message) == "bad") throw 1;
          return Reply::in_place(message);
        },
        options, "netstring");
    for (const char* text : {"", "1:a,", "3:bad,", "x", "5:he"}) {
      CAPTURE(text);
      CHECK(exchange.shared().admission.room_left() == 3);
      Stream call = exchange.call();
      CHECK(exchange.shared().admission.room_left() == 2);
      say(call, text);
      static_cast<void>(call.shut_down_writes());
      heard_until_end(call);
      call.close();
      exchange.settle();
    }
    CHECK(exchange.shared().admission.room_left() == 3);
  });
}

}  // namespace hotline::server::frame_dispatcher_end_test
