#include "server/frame_dispatcher.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "hotline/core/bytes.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/descriptor_limit.h"
#include "support/framed_exchange.h"
#include "support/pipelined_upper.h"

namespace hotline::server::frame_dispatcher_test {
namespace {

using engine::EventLoop;
using engine::LoopEvent;
using test::FramedExchange;
using test::heard;
using test::heard_until_end;
using test::is_silent;
using test::say;
using test::text_of;

using test::kPipelined;
using test::upper;

Reply echo(const Message& message) { return Reply::in_place(message); }

}  // namespace

TEST_CASE("messages that arrive at once are answered in order, in one piece, in every framing") {
  test::on_all_loops([](EventLoop& loop) {
    for (const std::string& name : kPipelined) {
      CAPTURE(name);
      FramedExchange exchange(loop, upper, {}, name);
      Stream call = exchange.call();
      const std::string wire =
          exchange.wire("hello") + exchange.wire("world") + exchange.wire("12345");
      const std::string expected =
          exchange.wire("HELLO") + exchange.wire("WORLD") + exchange.wire("12345");
      say(call, wire);
      CHECK(heard(call, expected.size()) == expected);
      CHECK(is_silent(call));
      if (loop.is_simulated()) continue;
      CHECK(exchange.tap().sent_count == 1);
    }
  });
}

TEST_CASE("a message is one message wherever it was cut on its way") {
  test::on_all_loops([](EventLoop& loop) {
    for (const char* name : {"lines", "u32be", "netstring", "varint"}) {
      FramedExchange exchange(loop, upper, {}, name);
      const std::string wire = exchange.wire("hello") + exchange.wire("world");
      const std::string expected = exchange.wire("HELLO") + exchange.wire("WORLD");
      Stream call = exchange.call();
      for (std::size_t cut = 1; cut < wire.size(); ++cut) {
        CAPTURE(name);
        CAPTURE(cut);
        say(call, wire.substr(0, cut));
        exchange.settle();
        say(call, wire.substr(cut));
        CHECK(heard(call, expected.size()) == expected);
      }
    }
  });
}

TEST_CASE("a call goes on after its replies, for as long as it likes") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, echo);
    Stream one = exchange.call();
    Stream other = exchange.call();
    for (int i = 0; i < 100; ++i) {
      const std::string text = std::to_string(1000 + i) + "\n";
      say(one, text);
      say(other, text + text);
      CHECK(heard(one, 5) == text);
      CHECK(heard(other, 10) == text + text);
    }
  });
}

TEST_CASE("a reply may be in place, a constant, its own bytes, empty, or none at all") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(
        loop,
        [](const Message& message) {
          const std::string text = text_of(message);
          if (text == "own") return Reply(std::string("bytes of its own"));
          if (text == "large") return Reply(std::string(100'000, 'l'));
          if (text == "static") return Reply::constant("static");
          if (text == "empty") return Reply("");
          if (text == "none") return Reply();
          if (text == "prefix") return Reply::in_place(message, message.bytes().first(3));
          return Reply::in_place(message);
        },
        {}, "netstring");
    Stream call = exchange.call();
    std::string wire;
    for (const char* text :
         {"view", "none", "own", "", "large", "empty", "none", "prefix", "static", "none"}) {
      wire += exchange.wire(text);
    }
    const std::string expected =
        "4:view,16:bytes of its own,0:,100000:" + std::string(100'000, 'l') + ",0:,3:pre,6:static,";
    say(call, wire);
    CHECK((heard(call, expected.size()) == expected));
    exchange.settle();
    CHECK(is_silent(call));
  });
}

TEST_CASE("messages of every size are answered, whatever else is in their receive") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, upper, {}, "varint");
    Stream call = exchange.call();
    for (const std::size_t size : {0U, 1U, 513U, 16'384U, 70'000U, 300'000U}) {
      CAPTURE(size);
      const std::string wire =
          exchange.wire("a") + exchange.wire(std::string(size, 'x')) + exchange.wire("b");
      const std::string expected =
          exchange.wire("A") + exchange.wire(std::string(size, 'X')) + exchange.wire("B");
      say(call, wire);
      CHECK((heard(call, expected.size()) == expected));
    }
  });
}

TEST_CASE("a handler that waits delays only its own call, and no reply that is ready") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    FramedExchange exchange(loop, [&](const Message& message) {
      if (text_of(message) == "slow") gate.wait();
      return Reply::in_place(message);
    });
    Stream slow = exchange.call();
    Stream quick = exchange.call();
    say(slow, "before\nslow\nbehind\n");
    CHECK(heard(slow, 7) == "before\n");
    for (int i = 0; i < 10; ++i) {
      say(quick, "quick\n");
      CHECK(heard(quick, 6) == "quick\n");
    }
    say(slow, "later\n");
    exchange.settle();
    CHECK(is_silent(slow));
    gate.set();
    CHECK(heard(slow, 18) == "slow\nbehind\nlater\n");
  });
}

TEST_CASE("many replies of any kind do not wait for the handler of a later message") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    FramedExchange exchange(loop, [&](const Message& message) {
      if (text_of(message) == "slow") gate.wait();
      return Reply(std::string(600, message.bytes().size() == 4 ? 's' : 'q'));
    });
    Stream call = exchange.call();
    std::string wire;
    for (int i = 0; i < 40; ++i) wire += "q\n";
    say(call, wire + "slow\n");
    CHECK(heard(call, std::size_t{40} * 601).size() == 40 * 601);
    exchange.settle();
    CHECK(is_silent(call));
    gate.set();
    CHECK(heard(call, 601) == std::string(600, 's') + "\n");
  });
}

TEST_CASE("a handler may wait for each message, and its replies keep their order") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, [](const Message& message) {
      CHECK(sleep_for(std::chrono::microseconds(100)));
      return Reply::in_place(message);
    });
    std::vector<Stream> calls;
    std::string text;
    for (int i = 0; i < 20; ++i) text += std::to_string(i) + "\n";
    for (int i = 0; i < 20; ++i) say(calls.emplace_back(exchange.call()), text);
    for (Stream& each : calls) CHECK(heard(each, text.size()) == text);
  });
}

TEST_CASE("the message of a handler that waits stays as it was while others are received") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    FramedExchange exchange(loop, [&](const Message& message) {
      if (text_of(message).starts_with("slow")) gate.wait();
      return Reply::in_place(message);
    });
    Stream slow = exchange.call();
    say(slow, "slow and unharmed\n");
    exchange.settle();
    for (int i = 0; i < 100; ++i) {
      Stream other = exchange.call();
      say(other, "xxxxxxxxxxxxxxxxxxxxxxxx\n");
      CHECK(heard(other, 25) == "xxxxxxxxxxxxxxxxxxxxxxxx\n");
    }
    gate.set();
    CHECK(heard(slow, 18) == "slow and unharmed\n");
  });
}

TEST_CASE("a deadline that a handler sets for itself does not limit later messages") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(loop, [](const Message& message) {
      const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
      CHECK_FALSE(sleep_for(std::chrono::hours(1)));
      return Reply::in_place(message);
    });
    Stream call = exchange.call();
    say(call, "one\n");
    CHECK(heard(call, 4) == "one\n");
    CHECK(sleep_for(std::chrono::milliseconds(5)));
    say(call, "two\n");
    CHECK(heard(call, 4) == "two\n");
    CHECK(exchange.log().count(LogLevel::warning) == 0);
  });
}

TEST_CASE("as many handlers wait at once as there are calls, and others go on") {
  test::on_all_loops([](EventLoop& loop) {
    ServerOptions options;
    options.limits.waiting_messages_max = 2;  // Those of datagrams.
    std::vector<std::unique_ptr<LoopEvent>> gates;
    FramedExchange exchange(
        loop,
        [&](const Message& message) {
          if (text_of(message) == "quick") return Reply::in_place(message);
          gates.push_back(std::make_unique<LoopEvent>(loop));
          gates.back()->wait();
          return Reply::in_place(message);
        },
        options);
    std::vector<Stream> slow;
    for (int i = 0; i < 3; ++i) say(slow.emplace_back(exchange.call()), "slow\n");
    exchange.settle();
    REQUIRE(gates.size() == 3);
    Stream quick = exchange.call();
    say(quick, "quick\n");
    CHECK(heard(quick, 6) == "quick\n");
    for (const auto& gate : gates) gate->set();
    for (Stream& each : slow) CHECK(heard(each, 5) == "slow\n");
  });
}

TEST_CASE("a peer that does not read delays only its own call") {
  test::on_all_loops([](EventLoop& loop) {
    FramedExchange exchange(
        loop, [](const Message&) { return Reply(std::string(4 * 1024 * 1024, 'x')); });
    Stream deaf = exchange.call();
    say(deaf, "1\n2\n3\n4\n5\n");
    Stream other = exchange.call();
    say(other, "1\n");
    CHECK(heard(other, 4 * 1024 * 1024 + 1).size() == 4 * 1024 * 1024 + 1);
    const std::size_t all = std::size_t{5} * (4 * 1024 * 1024 + 1);
    CHECK(heard(deaf, all).size() == all);
  });
}

TEST_CASE("a peer that goes while its handler waits does not affect other calls") {
  test::on_all_loops([](EventLoop& loop) {
    for (const bool is_reset : {false, true}) {
      LoopEvent gate(loop);
      FramedExchange exchange(loop, [&](const Message& message) {
        if (text_of(message) == "slow") gate.wait();
        return Reply::in_place(message);
      });
      Stream gone = exchange.call();
      say(gone, "slow\n");
      exchange.settle();
      is_reset ? gone.abort() : gone.close();
      Stream other = exchange.call();
      gate.set();
      say(other, "quick\n");
      CHECK(heard(other, 6) == "quick\n");
      exchange.settle();
      CHECK(exchange.counters().calls_in_flight == 1);
    }
  });
}

TEST_CASE("a thousand calls exist at once") {
  raise_descriptor_limit();
  test::on_each_loop([](EventLoop& loop) {
    FramedExchange exchange(loop, upper);
    std::vector<Stream> calls;
    for (int i = 0; i < 1000; ++i) calls.push_back(exchange.call());
    for (int round = 0; round < 2; ++round) {
      for (Stream& each : calls) say(each, "hello\nworld\n");
      for (Stream& each : calls) CHECK(heard(each, 12) == "HELLO\nWORLD\n");
    }
    CHECK(exchange.counters().calls_in_flight == 1000);
    calls.clear();
    exchange.stop_taking();
    exchange.join();
    CHECK(exchange.has_ended());
    CHECK(exchange.counters().calls_in_flight == 0);
  });
}

}  // namespace hotline::server::frame_dispatcher_test
