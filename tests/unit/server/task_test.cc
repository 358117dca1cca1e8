#include "server/task.h"

#include <atomic>
#include <stdexcept>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/queue.h"
#include "hotline/server/server.h"
#include "support/on_each_word.h"
#include "support/simulated.h"
#include "support/sockets.h"

namespace hotline::task_test {
namespace {

constexpr const char* kAnyPort = "tcp://127.0.0.1:0";

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

/// Waits until `count` is that at least.
void wait_until(const std::atomic<int>& count, int wanted) {
  for (int now = count; now < wanted; now = count) count.wait(now);
}

void add_one(std::atomic<int>& count) {
  ++count;
  count.notify_all();
}

}  // namespace

TEST_CASE("a task runs beside the calls, and a drain ends its pause and with it the task") {
  test::on_each_word([](ServerOptions options) {
    options.drain_timeout = kNoTimeout;  // Nothing but the drain itself can end it.
    std::atomic<int> rounds = 0;
    std::string end;
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add(kAnyPort, echo));
      REQUIRE(server.add_task("cleaner", [&] {
        do {
          add_one(rounds);
        } while (sleep_for(std::chrono::milliseconds(1), OnDrain::ends));
        const auto paused = sleep_for(std::chrono::hours(1), OnDrain::ends);
        end = test::kind_of(paused);
      }));
    });
    wait_until(rounds, 3);
    const UniqueFd caller = test::connect_tcp(running.endpoint().port());
    test::send_text(caller.get(), "hello");
    CHECK(test::receive_text(caller.get(), 5) == "hello");
    const DrainReport report = running.drain();
    CHECK(end == "draining");
    CHECK(report.calls == 1);
    CHECK(report.handler_failures == 0);
  });
}

TEST_CASE("the task of a handler runs beside its calls, and shares memory with them") {
  test::on_each_word([](ServerOptions options) {
    if (options.concurrency.kind == Concurrency::Kind::processes) return;
    Queue<std::string> said(4);
    Queue<std::string> heard(4);
    Handler handler([&](Stream& call) {
      while (const auto bytes = call.receive()) {
        REQUIRE(said.push(std::string(as_text(*bytes))));
        if (!call.write_all(as_bytes(*heard.pop()))) return;
      }
    });
    handler.beside([&] {
      while (const auto text = said.pop()) REQUIRE(heard.push("task:" + *text));
    });
    test::AddedServer running(options,
                              [&](Server& server) { REQUIRE(server.add(kAnyPort, handler)); });
    const UniqueFd caller = test::connect_tcp(running.endpoint().port());
    test::send_text(caller.get(), "hello");
    CHECK(test::receive_text(caller.get(), 10) == "task:hello");
    running.drain();
  });
}

TEST_CASE("a handler with a task cannot be served by processes") {
  ServerOptions options;
  options.concurrency = {Concurrency::Kind::processes, 1};
  Server server(options);
  REQUIRE(server.add(kAnyPort, Handler(echo).beside([] {}), "echo"));
  const auto bound = server.bind();
  CHECK(test::kind_of(bound) == "invalid_argument");
  CHECK(bound.error().message().find("'echo' has a task") != std::string::npos);
}

TEST_CASE("a task that throws is counted, logged under its name, and called again") {
  test::on_each_word([](ServerOptions options) {
    test::CollectingLog log;
    options.log = &log;
    std::atomic<int> calls = 0;
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add(kAnyPort, echo));
      REQUIRE(server.add_task("cleaner", [&] {
        add_one(calls);
        if (calls == 1) throw std::runtime_error("no broom");
        if (calls == 2) throw 1;
      }));
    });
    wait_until(calls, 3);
    CHECK(running.drain().handler_failures == 2);
    CHECK(calls == 3);
    CHECK(log.has("the task failed; it is called again"));
    CHECK(log.has_detail("no broom"));
  });
}

TEST_CASE("a task that has returned is over, and the server goes on") {
  test::on_each_word([](const ServerOptions& options) {
    std::atomic<int> calls = 0;
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add(kAnyPort, echo));
      REQUIRE(server.add_task("once", [&] { add_one(calls); }));
    });
    wait_until(calls, 1);
    const UniqueFd caller = test::connect_tcp(running.endpoint().port());
    test::send_text(caller.get(), "hello");
    CHECK(test::receive_text(caller.get(), 5) == "hello");
    running.drain();
    CHECK(calls == 1);
  });
}

TEST_CASE("a cut ends what a task waits for, whatever it is") {
  test::on_each_word([](const ServerOptions& options) {
    std::atomic<int> begun = 0;
    std::string end;
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add(kAnyPort, echo));
      REQUIRE(server.add_task("sleeper", [&] {
        add_one(begun);
        end = test::kind_of(sleep_for(std::chrono::hours(1)));
      }));
    });
    wait_until(begun, 1);
    running.server().cut();
    running.wait();
    CHECK(end == "cancelled");
  });
}

TEST_CASE("each of several tasks runs, and a server may have nothing else") {
  test::on_each_word([](const ServerOptions& options) {
    std::atomic<int> begun = 0;
    test::AddedServer running(options, [&](Server& server) {
      for (int i = 0; i < 3; ++i) {
        REQUIRE(server.add_task("task", [&] {
          add_one(begun);
          discard(sleep_for(kNoTimeout, OnDrain::ends));
        }));
      }
    });
    wait_until(begun, 3);
    CHECK(running.drain().calls == 0);
  });
}

TEST_CASE("a task may end the server that it belongs to") {
  test::on_each_word([](const ServerOptions& options) {
    Server server(options);
    REQUIRE(server.add(kAnyPort, echo));
    REQUIRE(server.add_task("end", [&] { server.drain(); }));
    CHECK(server.run());
  });
}

TEST_CASE("a task is simulated as calls are: an hour of its pauses passes at once") {
  for (const char* word : {"serial", "threads:4", "loops:1", "loops:2"}) {
    CAPTURE(std::string(word));
    test::Simulation simulation;
    int rounds = 0;
    Duration passed{};
    simulation.run([&] {
      Server server(test::options_for(word));
      REQUIRE(server.add("tcp://127.0.0.1:0", echo));
      REQUIRE(server.add_task("cleaner", [&] {
        while (sleep_for(std::chrono::minutes(1), OnDrain::ends)) {
          if (++rounds == 60) server.drain();
        }
      }));
      const Instant before = now();
      REQUIRE(server.run());
      passed = now() - before;
    });
    CHECK(rounds == 60);
    CHECK(passed >= std::chrono::hours(1));
    CHECK(passed < std::chrono::minutes(61));
  }
}

TEST_CASE("an empty task is refused, and so is one that comes after bind") {
  Server server;
  const auto empty = server.add_task("cleaner", nullptr);
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message() ==
        "cannot add the task cleaner: it is empty: no function is in it");
  REQUIRE(server.add(kAnyPort, echo));
  REQUIRE(server.bind());
  CHECK(test::kind_of(server.add_task("cleaner", [] {})) == "invalid_argument");
}

TEST_CASE("a drain that is cut names the tasks and counts the calls that have not ended") {
  test::on_each_word([](ServerOptions options) {
    test::CollectingLog log;
    options.log = &log;
    options.drain_timeout = std::chrono::milliseconds(50);
    std::atomic<int> begun = 0;
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add(
          kAnyPort,
          [](Stream& call) {
            discard(call.receive());
            discard(call.write_all(as_bytes("!")));
            discard(sleep_for(std::chrono::hours(1)));
          },
          "sleepy"));
      REQUIRE(server.add(kAnyPort, echo, "awake"));
      REQUIRE(server.add_task("cleaner", [&] {
        add_one(begun);
        discard(sleep_for(std::chrono::hours(1)));
      }));
      REQUIRE(server.add_task("polite", [&] {
        add_one(begun);
        discard(sleep_for(std::chrono::hours(1), OnDrain::ends));
      }));
    });
    wait_until(begun, 2);
    const UniqueFd caller = test::connect_tcp(running.endpoint().port());
    test::send_text(caller.get(), "hello");
    CHECK(test::receive_text(caller.get(), 1) == "!");
    CHECK(running.drain().cut == 1);
    const std::string_view message = "the drain is cut: this has not ended";
    CHECK(log.services_with(message) == std::vector<std::string>{"cleaner", "sleepy"});
    CHECK(log.has_detail("1 call"));
    CHECK_FALSE(log.has_detail("1 calls"));
  });
}

TEST_CASE("a drain that is cut says what a task beside calls does, if that says it") {
  test::on_each_word([](ServerOptions options) {
    if (options.concurrency.kind == Concurrency::Kind::processes) return;
    test::CollectingLog log;
    options.log = &log;
    options.drain_timeout = std::chrono::milliseconds(50);
    std::atomic<int> begun = 0;
    test::AddedServer running(options, [&](Server& server) {
      const auto add = [&](const char* name, const char* status) {
        REQUIRE(server.add(kAnyPort,
                           Handler(echo).beside(
                               [&] {
                                 add_one(begun);
                                 discard(sleep_for(std::chrono::hours(1)));
                               },
                               [status] { return std::string(status); }),
                           name));
      };
      add("busy", "2 jobs");
      add("idle", "");
    });
    wait_until(begun, 2);
    CHECK(running.drain().cut_tasks == "2 jobs");
    CHECK(log.has_detail("2 jobs"));
    CHECK(log.services_with("the drain is cut: this has not ended") ==
          std::vector<std::string>{"busy", "idle"});
  });
}

TEST_CASE("a drain is cut also when the status of a task throws") {
  test::on_each_word([](ServerOptions options) {
    if (options.concurrency.kind == Concurrency::Kind::processes) return;
    test::CollectingLog log;
    options.log = &log;
    options.drain_timeout = std::chrono::milliseconds(50);
    std::atomic<int> begun = 0;
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add(kAnyPort,
                         Handler(echo).beside(
                             [&] {
                               add_one(begun);
                               discard(sleep_for(std::chrono::hours(1)));
                             },
                             []() -> std::string { throw std::runtime_error("no status"); }),
                         "busy"));
    });
    wait_until(begun, 1);
    CHECK(running.drain().cut_tasks.empty());
    CHECK(log.services_with("the status of a task threw: what is cut is not known").size() == 1);
  });
}

TEST_CASE("a drain that is cut names a datagram handler that has not ended") {
  test::on_each_word([](ServerOptions options) {
    test::CollectingLog log;
    options.log = &log;
    options.drain_timeout = std::chrono::milliseconds(50);
    test::AddedServer running(options, [&](Server& server) {
      const auto sleep = [](DatagramSocket&) { discard(sleep_for(std::chrono::hours(1))); };
      REQUIRE(server.add("udp://127.0.0.1:0", DatagramHandler(sleep), "sleepy"));
      server.drain();
    });
    running.wait();
    CHECK(log.services_with("the drain is cut: this has not ended") ==
          std::vector<std::string>{"sleepy"});
  });
}

TEST_CASE("a cut without a drain before it, and a drain in time, name nothing") {
  test::on_each_word([](ServerOptions options) {
    for (const bool is_cut : {true, false}) {
      test::CollectingLog log;
      options.log = &log;
      std::atomic<int> begun = 0;
      test::AddedServer running(options, [&](Server& server) {
        REQUIRE(server.add(kAnyPort, echo));
        REQUIRE(server.add_task("cleaner", [&] {
          add_one(begun);
          discard(sleep_for(std::chrono::hours(1), OnDrain::ends));
        }));
      });
      wait_until(begun, 1);
      is_cut ? running.server().cut() : running.server().drain();
      running.wait();
      CHECK_FALSE(log.has("the drain is cut: this has not ended"));
    }
  });
}

}  // namespace hotline::task_test
