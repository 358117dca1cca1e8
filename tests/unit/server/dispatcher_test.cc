#include "server/dispatcher.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/loop_event.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/datagram_exchange.h"

namespace hotline::server::dispatcher_test {
namespace {

using engine::EventLoop;
using engine::FiberGroup;
using engine::LoopEvent;
using Exchange = test::DatagramExchange;
using test::text_of;

}  // namespace

TEST_CASE("every message is answered, in order, as long as no handler waits") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [](const Message& message) { return Reply("re " + text_of(message)); });
    for (int i = 0; i < 100; ++i) exchange.send(std::to_string(i));
    exchange.start();
    for (int i = 0; i < 100; ++i) CHECK(exchange.reply() == "re " + std::to_string(i));
  });
}

TEST_CASE("a reply may be the message, a part of it, a constant, its own bytes, empty, or none") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [](const Message& message) {
      const std::string text = text_of(message);
      if (text == "own") return Reply(std::string("bytes of its own"));
      if (text == "empty") return Reply("");
      if (text == "none") return Reply();
      if (text == "part") return Reply::in_place(message, message.bytes().subspan(1, 2));
      if (text == "constant") return Reply::constant("busy");
      return Reply::in_place(message);
    });
    for (const char* text : {"whole", "none", "own", "part", "constant", "empty", ""}) {
      exchange.send(text);
    }
    exchange.start();
    CHECK(exchange.reply() == "whole");
    CHECK(exchange.reply() == "bytes of its own");
    CHECK(exchange.reply() == "ar");
    CHECK(exchange.reply() == "busy");
    CHECK(exchange.reply() == "");
    CHECK(exchange.reply() == "");
    CHECK_FALSE(exchange.has_reply_now());
  });
}

TEST_CASE("messages that were sent together are handled one by one and answered in order") {
  test::on_each_loop([](EventLoop& loop) {
    std::vector<std::string> texts;
    for (int i = 0; i < 150; ++i) texts.push_back("message " + std::to_string(i));
    std::vector<std::string> handled;
    bool had_rest = false;
    Exchange exchange(loop, [&](const Message& message) {
      handled.push_back(text_of(message));
      had_rest |= exchange.has_unread();
      return Reply::in_place(message);
    });
    const bool come_together = exchange.warm();
    exchange.send_together(texts);
    exchange.start();
    for (const std::string& each : texts) CHECK(exchange.reply() == each);
    CHECK(had_rest == come_together);
    CHECK(handled == texts);
    CHECK(exchange.counters().messages == texts.size());
  });
}

TEST_CASE("a handler that waits keeps its message, and those that came with it are answered") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent gate(loop);
    std::vector<std::string> texts{"slow"};
    for (int i = 0; i < 129; ++i) texts.push_back(std::to_string(1000 + i));
    bool had_rest = false;
    Exchange exchange(loop, [&](const Message& message) {
      if (text_of(message) == "slow") gate.wait();
      had_rest |= exchange.has_unread();
      return Reply::in_place(message);
    });
    const bool come_together = exchange.warm();
    exchange.send_together(texts);
    exchange.start();
    for (std::size_t i = 1; i < texts.size(); ++i) CHECK(exchange.reply() == texts[i]);
    CHECK(had_rest == come_together);
    exchange.send_together({"a", "b"});
    CHECK(exchange.reply() == "a");
    CHECK(exchange.reply() == "b");
    gate.set();
    CHECK(exchange.reply() == "slow");
  });
}

TEST_CASE("a handler that waits delays neither later messages nor earlier ones") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent gate(loop);
    Exchange exchange(loop, [&](const Message& message) {
      if (text_of(message) == "slow") gate.wait();
      return Reply::in_place(message);
    });
    for (const char* text : {"before", "slow", "behind"}) exchange.send(text);
    exchange.start();
    CHECK(exchange.reply() == "before");
    CHECK(exchange.reply() == "behind");
    exchange.send("later");
    CHECK(exchange.reply() == "later");
    gate.set();
    CHECK(exchange.reply() == "slow");
  });
}

TEST_CASE("the message of a handler that waits stays as it was while others are received") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent gate(loop);
    Exchange exchange(loop, [&](const Message& message) {
      if (text_of(message).starts_with("slow")) gate.wait();
      return Reply::in_place(message);
    });
    exchange.start();
    exchange.send("slow and unharmed");
    exchange.let_settle();
    for (int i = 0; i < 200; ++i) {
      exchange.send("x" + std::to_string(i));
      CHECK(exchange.reply() == "x" + std::to_string(i));
    }
    gate.set();
    CHECK(exchange.reply() == "slow and unharmed");
  });
}

TEST_CASE("many handlers that wait at once each answer their own caller") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [](const Message& message) {
      CHECK(sleep_for(std::chrono::microseconds(300)));
      return Reply::in_place(message);
    });
    exchange.start();
    int sum = 0;
    for (int i = 0; i < 100; ++i) exchange.send(std::to_string(i));
    for (int i = 0; i < 100; ++i) sum += std::stoi(exchange.reply());
    CHECK(sum == 4950);
  });
}

TEST_CASE("a deadline that a handler sets for itself does not limit later messages") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [](const Message& message) {
      const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
      CHECK_FALSE(sleep_for(std::chrono::hours(1)));
      return Reply::in_place(message);
    });
    exchange.start();
    exchange.send("one");
    CHECK(exchange.reply() == "one");
    CHECK(sleep_for(std::chrono::milliseconds(5)));
    CHECK(exchange.log().count(LogLevel::warning) == 0);
    exchange.send("two");
    CHECK(exchange.reply() == "two");
  });
}

TEST_CASE("no more handlers wait at once than allowed, and later messages are kept") {
  test::on_each_loop([](EventLoop& loop) {
    ServerOptions options;
    options.limits.waiting_messages_max = 2;
    std::vector<std::unique_ptr<LoopEvent>> gates;
    Exchange exchange(
        loop,
        [&](const Message& message) {
          gates.push_back(std::make_unique<LoopEvent>(loop));
          gates.back()->wait();
          return Reply::in_place(message);
        },
        options);
    for (const char* text : {"1", "2", "3", "4"}) exchange.send(text);
    exchange.start();
    exchange.let_settle();
    CHECK(gates.size() == 2);
    gates[1]->set();
    CHECK(exchange.reply() == "2");
    exchange.let_settle();
    CHECK(gates.size() == 3);
    gates[0]->set();
    gates[2]->set();
    CHECK(exchange.reply().size() == 1);
    CHECK(exchange.reply().size() == 1);
    exchange.let_settle();
    REQUIRE(gates.size() == 4);
    gates[3]->set();
    CHECK(exchange.reply() == "4");
  });
}

TEST_CASE("at the limit of waiting handlers the next message waits for one of them") {
  test::on_each_loop([](EventLoop& loop) {
    ServerOptions options;
    options.limits.waiting_messages_max = 1;
    LoopEvent gate(loop);
    int entered = 0;
    Exchange exchange(
        loop,
        [&](const Message& message) {
          ++entered;
          if (text_of(message) == "slow") gate.wait();
          return Reply::in_place(message);
        },
        options);
    for (const char* text : {"slow", "behind"}) exchange.send(text);
    exchange.start();
    exchange.let_settle();
    CHECK(entered == 1);
    gate.set();
    CHECK(exchange.reply() == "slow");
    CHECK(exchange.reply() == "behind");
  });
}

TEST_CASE("a reply that is ready does not wait for a waiting handler, at the limit neither") {
  test::on_each_loop([](EventLoop& loop) {
    ServerOptions options;
    options.limits.waiting_messages_max = 1;
    LoopEvent gate(loop);
    Exchange exchange(
        loop,
        [&](const Message& message) {
          if (text_of(message) == "slow") gate.wait();
          return Reply::in_place(message);
        },
        options);
    for (const char* text : {"ready", "slow"}) exchange.send(text);
    exchange.start();
    CHECK(exchange.reply(std::chrono::milliseconds(500)) == "ready");
    gate.set();
    CHECK(exchange.reply() == "slow");
  });
}

TEST_CASE("a handler that throws loses the reply to its own message, and no other") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [](const Message& message) -> Reply {
      if (text_of(message) == "bad") throw std::runtime_error("no");
      if (text_of(message) == "worse") throw 1;
      return Reply::in_place(message);
    });
    for (const char* text : {"bad", "worse", "good"}) exchange.send(text);
    exchange.start();
    CHECK(exchange.reply() == "good");
    CHECK_FALSE(exchange.has_reply_now());
    CHECK(exchange.counters().handler_failures == 2);
    CHECK(exchange.log().has("the handler failed; its message has no reply"));
  });
}

TEST_CASE("a handler that throws after it has waited does no more harm") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [&](const Message& message) -> Reply {
      if (text_of(message) != "bad") return Reply::in_place(message);
      loop.yield();
      throw 1;
    });
    for (const char* text : {"bad", "good"}) exchange.send(text);
    exchange.start();
    CHECK(exchange.reply() == "good");
    exchange.let_settle();
    CHECK(exchange.counters().handler_failures == 1);
  });
}

TEST_CASE("a drained dispatcher answers what has come, lets handlers finish, and returns") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent gate(loop);
    Exchange exchange(loop, [&](const Message& message) {
      if (text_of(message) == "slow") gate.wait();
      return Reply::in_place(message);
    });
    exchange.start();
    exchange.send("slow");
    exchange.let_settle();
    exchange.send("in time");
    exchange.drain();
    exchange.let_settle();
    CHECK(exchange.reply(std::chrono::seconds(1)) == "in time");
    CHECK_FALSE(exchange.has_ended());
    gate.set();
    exchange.join();
    CHECK(exchange.has_ended());
    CHECK(exchange.reply() == "slow");
  });
}

TEST_CASE("on a thread without a loop messages are answered one after another, until a drain") {
  auto socket = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
  REQUIRE(socket);
  auto client = connect_datagrams(socket->endpoint());
  REQUIRE(client);
  engine::Interrupter interrupter;
  ServerState shared{ServerOptions()};
  Service service;
  std::jthread server([&] {
    const engine::BlockingEngine::Interruptible engine(interrupter);
    service.handler = [](const Message& message) {
      CHECK(sleep_for(std::chrono::microseconds(100)));
      return Reply::in_place(message);
    };
    Dispatcher(shared, service, *socket).run();
  });
  for (int i = 0; i < 20; ++i) REQUIRE(client->send({as_bytes("x"), nullptr}));
  for (int i = 0; i < 20; ++i) CHECK(client->receive(deadline_after(std::chrono::seconds(10))));
  interrupter.drain();
  server.join();
  CHECK(service.tally->read().messages == 20);
  CHECK(service.tally->read().bytes_received == 20);
  CHECK(service.tally->read().bytes_sent == 20);
  CHECK(service.tally->read().calls == 0);
}

TEST_CASE("a reply that no datagram can carry is a failure and is not counted as sent") {
  test::on_each_loop([](EventLoop& loop) {
    Exchange exchange(loop, [](const Message& message) {
      return Reply(std::string(std::stoul(text_of(message)), 'x'));
    });
    exchange.start();
    for (const char* text : {"65508", "100000", "65507"}) exchange.send(text);
    CHECK(exchange.reply().size() == 65507);
    CHECK(exchange.counters().handler_failures == 2);
    CHECK(exchange.counters().bytes_sent == 65507);
    CHECK(exchange.log().has("the handler failed; its message has no reply"));
    CHECK(exchange.log().has_detail(
        "its reply has 100000 bytes, and a datagram here has at most 65507"));
  });
}

}  // namespace hotline::server::dispatcher_test
