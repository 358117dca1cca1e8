#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "server/dispatcher.h"
#include "support/running_server.h"

// A dispatcher on a thread without a loop, whose handlers wait.

namespace hotline::server::dispatcher_threads_test {
namespace {

using test::text_of;

/// A dispatcher on a thread without a loop, and a client that talks to it.
class ThreadedExchange {
 public:
  ThreadedExchange()
      : socket_(bind_datagrams("udp://127.0.0.1:0").value()),
        client_(connect_datagrams(socket_.endpoint()).value()) {}
  ThreadedExchange(const ThreadedExchange&) = delete;
  ThreadedExchange& operator=(const ThreadedExchange&) = delete;
  ~ThreadedExchange() { interrupter_.cancel(); }

  void send(std::string_view text) { REQUIRE(client_.send({as_bytes(text), nullptr})); }
  std::string reply() {
    const auto datagram = client_.receive(deadline_after(std::chrono::seconds(10)));
    return datagram ? std::string(as_text(datagram->bytes)) : "<none>";
  }

  /// Call it once, after what must arrive together has been sent.
  void serve(MessageHandler handler) {
    service_.handler = std::move(handler);
    thread_ = std::jthread([this] {
      const engine::BlockingEngine::Interruptible engine(interrupter_);
      Dispatcher(shared_, service_, socket_).run();
    });
  }

  /// Receives a datagram that the server has left in its socket, as another thread of it would.
  std::string take_one_that_waits() {
    auto other = socket_.share();
    REQUIRE(other);
    const auto datagram = other->receive(deadline_after(std::chrono::seconds(10)));
    return datagram ? std::string(as_text(datagram->bytes)) : "<none>";
  }

 private:
  DatagramSocket socket_;
  DatagramSocket client_;
  engine::Interrupter interrupter_;
  ServerState shared_{ServerOptions()};
  Service service_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("on a thread without a loop the earlier replies are sent when a handler waits") {
  ThreadedExchange exchange;
  Event gate;
  for (const char* text : {"one", "two", "wait", "after"}) exchange.send(text);
  exchange.serve([&](const Message& message) {
    if (text_of(message) == "wait") CHECK(gate.wait());
    return Reply::in_place(message);
  });
  CHECK(exchange.reply() == "one");
  CHECK(exchange.reply() == "two");
  gate.set();
  CHECK(exchange.reply() == "wait");
  CHECK(exchange.reply() == "after");
}

TEST_CASE("on a thread without a loop the earlier replies are sent when a handler joins fibers") {
  ThreadedExchange exchange;
  Event gate;
  for (const char* text : {"one", "wait"}) exchange.send(text);
  exchange.serve([&](const Message& message) {
    TaskGroup group;
    if (text_of(message) == "wait") CHECK(group.spawn("waits", [&] { CHECK(gate.wait()); }));
    CHECK(group.join());
    return Reply::in_place(message);
  });
  CHECK(exchange.reply() == "one");
  gate.set();
  CHECK(exchange.reply() == "wait");
}

TEST_CASE("on a thread without a loop, after a handler that took long, no reply is held back") {
  ThreadedExchange exchange;
  std::binary_semaphore gate(0);
  for (const char* text : {"long", "short", "endless"}) exchange.send(text);
  exchange.serve([&](const Message& message) {
    if (text_of(message) == "long") std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (text_of(message) == "endless") gate.acquire();
    return Reply::in_place(message);
  });
  CHECK(exchange.reply() == "long");
  CHECK(exchange.reply() == "short");
  gate.release();
  CHECK(exchange.reply() == "endless");
}

TEST_CASE("on a thread without a loop a handler that has waited leaves the rest to other threads") {
  ThreadedExchange exchange;
  Event gate;
  Event enters;
  exchange.send("1");
  exchange.serve([&](const Message& message) {
    enters.set();
    // If the gate is open already, the handler does not wait there.
    CHECK(sleep_for(std::chrono::milliseconds(1)));
    if (text_of(message) != "3") CHECK(gate.wait());
    return Reply::in_place(message);
  });
  CHECK(enters.wait());
  for (const char* text : {"2", "3"}) exchange.send(text);
  gate.set();
  CHECK(exchange.reply() == "1");
  CHECK(enters.wait());
  CHECK(exchange.take_one_that_waits() == "3");
  gate.set();
  CHECK(exchange.reply() == "2");
}

}  // namespace hotline::server::dispatcher_threads_test
