// The life of a server: what comes too early, too late or twice.

#include <signal.h>

#include <atomic>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/queue.h"
#include "hotline/engine/task_group.h"
#include "hotline/framing/connect_frames.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "hotline/server/server.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::server_life_test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kAnyPort = "tcp://127.0.0.1:0";
constexpr const char* kWords[] = {"serial", "threads:4", "loops:1", "loops:2"};

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

std::string endpoint_of(const Server& server) {
  return server.services().front().endpoint.to_uri();
}

std::string ask(const std::string& uri) {
  auto call = connect(uri);
  if (!call) return test::kind_of(call);
  if (!call->write_all(as_bytes("hello"))) return "not written";
  std::string reply(5, '\0');
  const auto read = call->read_exact(std::as_writable_bytes(std::span(reply)));
  return read ? reply : test::kind_of(read);
}

}  // namespace

TEST_CASE("an endpoint added after the bind is refused, and the bound ones are still served") {
  test::RunningServer running(test::options_for("loops:1"), kAnyPort, echo);
  const auto added = running.server().add(kAnyPort, echo, "late");
  REQUIRE_FALSE(added);
  CHECK(added.error().kind == ErrorKind::invalid_argument);
  CHECK(added.error().message() == "cannot serve tcp://127.0.0.1:0: the server is bound already");
  CHECK_FALSE(added.error().hint().empty());
  CHECK(running.server().services().size() == 1);
  CHECK(ask(endpoint_of(running.server())) == "hello");
  running.drain();
  CHECK(test::kind_of(running.server().add(kAnyPort, echo)) == "invalid_argument");
}

TEST_CASE("a second bind changes nothing") {
  Server server(test::options_for("loops:1"));
  REQUIRE(server.add(kAnyPort, echo));
  REQUIRE(server.bind());
  const std::string bound = endpoint_of(server);
  CHECK(server.bind());
  CHECK(endpoint_of(server) == bound);
  std::thread running([&] { CHECK(server.run()); });
  CHECK(ask(bound) == "hello");
  CHECK(test::kind_of(server.bind()) == "invalid_argument");
  CHECK(ask(bound) == "hello");
  server.drain();
  running.join();
  CHECK(test::kind_of(server.bind()) == "invalid_argument");
}

TEST_CASE("a bind that failed can be tried again") {
  auto other = listen(kAnyPort);
  REQUIRE(other);
  const std::string uri = other->endpoint().to_uri();
  Server server(test::options_for("loops:2"));
  REQUIRE(server.add(uri, echo));
  CHECK(test::kind_of(server.bind()) == "address_in_use");
  CHECK(test::kind_of(server.run()) == "address_in_use");
  CHECK(endpoint_of(server) == uri);
  other->close();
  CHECK(server.bind());
  server.drain();
  CHECK(server.run());
}

TEST_CASE("services are listed as requested until they are bound, and then as bound") {
  Server server(test::options_for("loops:1"));
  CHECK(server.services().empty());
  REQUIRE(server.add("tcp://127.0.0.1:0?backlog=5", echo, "one"));
  CHECK(endpoint_of(server) == "tcp://127.0.0.1:0?backlog=5");
  REQUIRE(server.bind());
  const std::string bound = endpoint_of(server);
  CHECK(bound != "tcp://127.0.0.1:0");
  server.drain();
  CHECK(server.run());
  CHECK(endpoint_of(server) == bound);
}

TEST_CASE("a server runs once: a second run fails at once, while the first goes on and after it") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    test::RunningServer running(test::options_for(word), kAnyPort, echo);
    const std::string uri = endpoint_of(running.server());
    CHECK(ask(uri) == "hello");
    const auto second = running.server().run();
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::invalid_argument);
    CHECK(second.error().message() == "cannot run the server: it runs already");
    CHECK(ask(uri) == "hello");
    running.drain();
    const auto third = running.server().run();
    REQUIRE_FALSE(third);
    CHECK(third.error().message() == "cannot run the server: it has run, and ended");
    CHECK_FALSE(third.error().hint().empty());
  }
}

TEST_CASE("a maker that is null is refused") {
  Server server;
  CHECK(test::kind_of(server.add_made(kAnyPort, HandlerMaker())) == "invalid_argument");
}

TEST_CASE("a server that is destroyed while it runs ends the program with a sentence") {
  const test::ChildReport report = test::in_child_process([] {
    std::binary_semaphore is_serving(0);
    ServerOptions options = test::options_for("threads:2");
    options.on_serving = [&](const Server&) { is_serving.release(); };
    auto server = std::make_unique<Server>(options);
    if (!server->add(kAnyPort, echo)) return;
    std::thread runner([&, running = server.get()] { static_cast<void>(running->run()); });
    is_serving.acquire();
    server.reset();
    runner.join();
  });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.find("a server is destroyed while it runs") != std::string::npos);
}

TEST_CASE("a limit or a count of 0 is refused by bind, and names itself") {
  const auto refusal = [](const ServerOptions& options) {
    Server server(options);
    REQUIRE(server.add(kAnyPort, echo));
    const auto bound = server.bind();
    REQUIRE_FALSE(bound);
    CHECK(bound.error().kind == ErrorKind::invalid_argument);
    CHECK_FALSE(bound.error().hint().empty());
    return bound.error().message();
  };
  const auto is_refused = [&](std::string_view name, const ServerOptions& options) {
    CHECK(refusal(options) ==
          "cannot start the server: " + std::string(name) + " is 0: no caller could be served");
  };
  is_refused("Concurrency::count", {.concurrency = {.count = 0}});
  is_refused("Limits::connections_max", {.limits = {.connections_max = 0}});
  is_refused("Limits::connections_per_peer_max", {.limits = {.connections_per_peer_max = 0}});
  is_refused("Limits::waiting_messages_max", {.limits = {.waiting_messages_max = 0}});
  is_refused("Limits::message_memory_max", {.limits = {.message_memory_max = 0}});
}

TEST_CASE("a server that runs on a fiber lets the other fibers of its loop go on") {
  test::on_each_loop([](engine::EventLoop&) {
    for (const char* word : kWords) {
      CAPTURE(std::string(word));
      Server server(test::options_for(word));
      REQUIRE(server.add(kAnyPort, echo));
      REQUIRE(server.bind());
      std::string reply;
      Result<DrainReport> report;
      TaskGroup group;
      REQUIRE(group.spawn("server", [&] { report = server.run(); }));
      REQUIRE(group.spawn("caller", [&] {
        reply = ask(endpoint_of(server));
        server.drain();
      }));
      CHECK(group.join());
      CHECK(reply == "hello");
      REQUIRE(report);
      CHECK(report->calls == 1);
    }
  });
}

TEST_CASE("a drain of the fiber that runs a server drains it, and a cancel cuts it") {
  test::on_each_loop([](engine::EventLoop&) {
    for (const bool is_drain : {true, false}) {
      Server server(test::options_for("loops:1"));
      std::atomic<bool> is_cut = false;
      REQUIRE(server.add(kAnyPort, [&](Stream& call) {
        echo(call);
        is_cut = call.ended_with(ErrorKind::cancelled);
      }));
      REQUIRE(server.bind());
      Result<DrainReport> report;
      TaskGroup group;
      REQUIRE(group.spawn("server", [&] { report = server.run(); }));
      auto caller = connect(endpoint_of(server));
      REQUIRE(caller);
      REQUIRE(caller->write_all(as_bytes("x")));
      REQUIRE(caller->receive());
      is_drain ? group.drain() : group.cancel();
      CHECK(group.join());
      REQUIRE(report);
      CHECK(report->cut == (is_drain ? 0 : 1));
      CHECK(is_cut == !is_drain);
    }
  });
}

TEST_CASE("a deadline of the fiber that runs a server cuts it, and what comes after has none") {
  test::on_each_loop([](engine::EventLoop&) {
    Server server(test::options_for("loops:1"));
    REQUIRE(server.add(kAnyPort, echo));
    {
      const DeadlineScope scope(deadline_after(milliseconds(5)));
      CHECK(server.run());
    }
    CHECK(sleep_for(milliseconds(1)));
  });
}

TEST_CASE("on_serving is called once, when callers are answered") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    std::atomic<int> told = 0;
    ServerOptions options = test::options_for(word);
    options.on_serving = [&](const Server&) { ++told; };
    Server server(options);
    REQUIRE(server.add(kAnyPort, echo));
    REQUIRE(server.bind());
    CHECK(told == 0);
    std::thread running([&] { CHECK(server.run()); });
    CHECK(ask(endpoint_of(server)) == "hello");
    server.drain();
    running.join();
    CHECK(told == 1);
  }
}

TEST_CASE("a server whose start fails never calls on_serving") {
  int told = 0;
  ServerOptions options = test::options_for("loops:2");
  options.loop.fiber_stack_bytes = std::size_t{1} << 50;  // More than there is.
  options.on_serving = [&](const Server&) { ++told; };
  Server server(options);
  REQUIRE(server.add(kAnyPort, echo));
  REQUIRE(server.bind());
  CHECK_FALSE(server.run());
  CHECK(told == 0);
}

TEST_CASE("at a drain a call with a reader and a writer says what is queued, and a last word") {
  for (const char* word : kWords) {
    CAPTURE(word);
    test::RunningServer running(test::options_for(word), kAnyPort, [](Stream& call) {
      FrameStream lines(call, {.kind = Framing::Kind::lines});
      Queue<std::string> queue(8);
      TaskGroup tasks;
      tasks
          .spawn("write",
                 [&] {
                   const DrainHold hold;
                   while (const auto line = queue.pop()) {
                     if (!lines.write_frame(as_bytes(*line))) break;
                   }
                   tasks.cancel();
                 })
          .value();
      tasks
          .spawn("read",
                 [&] {
                   while (const auto line = lines.read_frame())
                     queue.push(std::string(as_text(*line))).value();
                   if (call.ended_with(ErrorKind::draining))
                     queue.push("the server restarts").value();
                   queue.close();
                 })
          .value();
      discard(tasks.join());
    });
    auto caller = connect_frames(endpoint_of(running.server()) + "?framing=lines").value();
    caller.write_frame(as_bytes("hello")).value();
    CHECK(as_text(caller.read_frame().value()) == "hello");
    running.server().drain();
    CHECK(as_text(caller.read_frame().value()) == "the server restarts");
    CHECK(test::kind_of(caller.read_frame()) == "closed");
    caller.stream().close();
    CHECK(running.wait().cut == 0);
  }
}

}  // namespace hotline::server_life_test
