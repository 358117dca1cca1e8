#include <memory>
#include <optional>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "net/address.h"
#include "support/datagram_exchange.h"
#include "support/memory_shortage.h"

// What a dispatcher answers, and what it must not.

namespace hotline::server::dispatcher_answers_test {
namespace {

using engine::EventLoop;
using engine::LoopEvent;
using Exchange = test::DatagramExchange;
using test::text_of;

Reply echo(const Message& message) { return Reply::in_place(message); }

}  // namespace

TEST_CASE("a buffer that a handler reuses has been copied before it changes") {
  test::on_each_loop([](EventLoop& loop) {
    std::string buffer;
    Exchange exchange(loop, [&](const Message& message) -> Reply {
      // Longer ones in memory of their own, because each append frees the last.
      buffer = std::string(100 * message.bytes().size(), ' ') + text_of(message);
      return std::string_view(buffer);
    });
    for (const char* text : {"one", "two", "three"}) exchange.send(text);
    exchange.start();
    CHECK(exchange.reply() == std::string(300, ' ') + "one");
    CHECK(exchange.reply() == std::string(300, ' ') + "two");
    CHECK(exchange.reply() == std::string(500, ' ') + "three");
  });
}

TEST_CASE("a reply in place of another message is a failure of its handler, and is not sent") {
  test::on_each_loop([](EventLoop& loop) {
    std::string secret = "not for the peer";
    const Endpoint nobody = *Endpoint::parse("udp://127.0.0.1:9");
    Exchange exchange(loop, [&](const Message& message) {
      const Message other(std::as_writable_bytes(std::span(secret)), nobody);
      const bool is_outside = text_of(message) == "outside";
      if (is_outside) return Reply::in_place(message, other.bytes());
      return Reply::in_place(text_of(message) == "other" ? other : message);
    });
    for (const char* text : {"other", "outside", "mine"}) exchange.send(text);
    exchange.start();
    CHECK(exchange.reply() == "mine");
    CHECK(exchange.counters().handler_failures == 2);
    CHECK(exchange.log().has_detail("its reply is in place of another message"));
    CHECK(exchange.log().has_detail("a reply in place must be a part of its message"));
  });
}

TEST_CASE("a datagram from the server's own address is not answered, and does not count") {
  test::on_each_loop([](EventLoop& loop) {
    int handled = 0;
    Exchange exchange(loop, [&](const Message& message) {
      ++handled;
      return echo(message);
    });
    exchange.send_from_server("again and again");
    exchange.send("hello");
    exchange.start();
    CHECK(exchange.reply() == "hello");
    CHECK(handled == 1);
    CHECK(exchange.log().has_detail("claims to come from this server's own address; 1 so far"));
  });
}

TEST_CASE("a datagram whose end is lost is logged, and its handler can see that") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(
        loop,
        [](const Message& message) { return Reply(message.is_truncated() ? "cut" : "whole"); }, {},
        5);
    exchange.send("12345");
    exchange.send("123456");
    exchange.start();
    CHECK(exchange.reply() == "whole");
    CHECK(exchange.reply() == "cut");
    CHECK(exchange.log().count(LogLevel::warning) == 1);
    CHECK(exchange.log().has_detail("it was longer than the limit of 5 bytes"));
  });
}

TEST_CASE("a message that lies in memory of the socket's is not received over by others") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent first_gate(loop);
    LoopEvent second_gate(loop);
    int inside = 0;
    Exchange exchange(loop, [&](const Message& message) {
      const std::string text = text_of(message);
      if (text == "first") {
        ++inside;
        first_gate.wait();
      }
      if (text == "second") {
        ++inside;
        // The memory that would keep the batch for it.
        const test::MemoryShortage shortage(0, test::MemoryShortage::Extent::one);
        second_gate.wait();
        CHECK(shortage.has_struck());
      }
      return Reply::in_place(message);
    });
    exchange.start();
    exchange.send("first");
    while (inside < 1) loop.yield();
    exchange.send("second");
    while (inside < 2) loop.yield();
    exchange.send("behind");
    first_gate.set();
    CHECK(exchange.reply() == "first");
    CHECK_FALSE(exchange.has_reply_now());
    second_gate.set();
    CHECK(exchange.reply() == "second");
    CHECK(exchange.reply() == "behind");
  });
}

TEST_CASE("if one message is wanted, one whose end is lost and has no reply is not the one") {
  test::on_each_loop([](EventLoop& loop) {
    ServerOptions options;
    options.calls = CallCount::one;
    for (const bool waits : {false, true}) {
      CAPTURE(waits);
      Exchange exchange(
          loop,
          [&](const Message& message) {
            if (waits) loop.yield();
            return message.is_truncated() ? Reply() : Reply::in_place(message);
          },
          options, 5);
      int drained = 0;
      exchange.on_drain([&] { ++drained; });
      exchange.start();
      exchange.send("123456");
      exchange.let_settle();
      exchange.send("12345");
      CHECK(exchange.reply() == "12345");
      exchange.let_settle();
      CHECK(drained == 1);
    }
  });
}

TEST_CASE("if one message is wanted, the next is the one after a lack of memory for the first") {
  test::on_each_loop([](EventLoop& loop) {
    ServerOptions options;
    options.calls = CallCount::one;
    std::optional<test::MemoryShortage> shortage;
    Exchange exchange(
        loop,
        [&](const Message& message) {
          // The reply cannot be added to the others.
          if (text_of(message) == "first") {
            shortage.emplace(0, test::MemoryShortage::Extent::one);
          }
          return Reply::in_place(message);
        },
        options);
    int drained = 0;
    exchange.on_drain([&] { ++drained; });
    exchange.start();
    exchange.send("first");
    while (!shortage || !shortage->has_struck()) loop.yield();
    shortage.reset();
    CHECK(drained == 0);
    exchange.send("second");
    CHECK(exchange.reply() == "second");
    exchange.let_settle();
    CHECK(drained == 1);
    CHECK(exchange.has_ended());
  });
}

TEST_CASE("a dispatcher without a stack for its fiber gets one later") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, echo);
    engine::FiberGroup fillers(loop);
    LoopEvent gate(loop);
    exchange.start();
    // It ends in the same turn of the loop, which needs memory of its own.
    std::optional<test::MemoryShortage> shortage;
    REQUIRE(loop.spawn(
        "relief", [&shortage] { shortage.reset(); }, &fillers));
    shortage.emplace();
    while (loop.spawn(
        "filler", [&gate] { gate.wait(); }, &fillers)) {
    }
    exchange.let_settle();
    CHECK_FALSE(exchange.has_ended());
    exchange.send("hello");
    CHECK(exchange.reply() == "hello");
    gate.set();
    fillers.join();
  });
}

}  // namespace hotline::server::dispatcher_answers_test
