#include "server/loops_runner.h"

#include <atomic>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::loops_runner_test {
namespace {

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

/// For each engine, one loop and two.
void on_each(const std::function<void(ServerOptions)>& body) {
  for (const EngineKind kind : test::loop_engines()) {
    for (const char* word : {"loops:1", "loops:2"}) {
      INFO(std::string(word), " on the engine ", std::string(name_of(kind)));
      ServerOptions options = test::options_for(word);
      options.loop.engine = kind;
      body(options);
    }
  }
}

}  // namespace

TEST_CASE("loops hold many calls at once, all alive") {
  on_each([](const ServerOptions& options) {
    test::RunningServer running(options, "tcp://127.0.0.1:0", echo);
    std::vector<UniqueFd> callers;
    for (int i = 0; i < 100; ++i) callers.push_back(test::connect_tcp(running.port()));
    for (int round = 0; round < 3; ++round) {
      for (const UniqueFd& caller : callers) test::send_text(caller.get(), "hello");
      for (const UniqueFd& caller : callers) CHECK(test::receive_text(caller.get(), 5) == "hello");
    }
    const DrainReport report = running.drain();
    CHECK(report.calls == 100);
    CHECK(report.finished == 100);
  });
}

TEST_CASE("callers over a UNIX path are served by any loop") {
  const test::TemporaryDirectory directory;
  on_each([&](const ServerOptions& options) {
    test::RunningServer running(options, "unix://" + directory.file("s"), echo);
    std::vector<UniqueFd> callers;
    for (int i = 0; i < 20; ++i) {
      callers.push_back(test::connect_unix(directory.file("s")));
      test::send_text(callers.back().get(), "hello");
      CHECK(test::receive_text(callers.back().get(), 5) == "hello");
    }
    CHECK(running.drain().calls == 20);
  });
}

TEST_CASE("a handler that waits delays no other call on its loop") {
  on_each([](const ServerOptions& options) {
    test::RunningServer running(options, "tcp://127.0.0.1:0", [](Stream& call) {
      const auto bytes = call.receive();
      if (!bytes) return;
      if (as_text(*bytes) == "slow" && !sleep_for(std::chrono::hours(1))) return;
      CHECK(call.write_all(as_bytes("done")));
    });
    const UniqueFd slow = test::connect_tcp(running.port());
    test::send_text(slow.get(), "slow");
    for (int i = 0; i < 10; ++i) {
      const UniqueFd caller = test::connect_tcp(running.port());
      test::send_text(caller.get(), "quick");
      CHECK(test::receive_text(caller.get(), 4) == "done");
    }
    running.server().cut();
    CHECK(running.wait().cut >= 1);
  });
}

TEST_CASE("a handler that throws ends only its own call") {
  on_each([](const ServerOptions& options) {
    test::RunningServer running(options, "tcp://127.0.0.1:0", [](Stream& call) {
      const auto bytes = call.receive();
      if (bytes && as_text(*bytes) == "throw") throw 1;
      CHECK(call.write_all(as_bytes("fine")));
    });
    const UniqueFd bad = test::connect_tcp(running.port());
    const UniqueFd good = test::connect_tcp(running.port());
    test::send_text(bad.get(), "throw");
    CHECK(test::receive_until_end(bad.get()).empty());
    test::send_text(good.get(), "x");
    CHECK(test::receive_text(good.get(), 4) == "fine");
    CHECK(running.drain().handler_failures == 1);
  });
}

TEST_CASE("a caller in the backlog at a drain is still served") {
  on_each([](const ServerOptions& options) {
    for (int round = 0; round < 20; ++round) {
      test::RunningServer running(options, "tcp://127.0.0.1:0", echo);
      const UniqueFd caller = test::connect_tcp(running.port());
      test::send_text(caller.get(), "in time");
      test::wait_sent(caller.get());
      running.drain();
      CHECK(test::receive_until_end(caller.get()) == "in time");
    }
  });
}

TEST_CASE("datagrams are served on every loop") {
  on_each([](const ServerOptions& options) {
    test::RunningServer running(options, "udp://127.0.0.1:0",
                                [](const Message& message) { return Reply::in_place(message); });
    for (int i = 0; i < 20; ++i) {
      auto client = connect_datagrams(running.endpoint());
      REQUIRE(client);
      REQUIRE(client->send({as_bytes(std::to_string(i)), nullptr}));
      const auto reply = client->receive(deadline_after(std::chrono::seconds(10)));
      REQUIRE(reply);
      CHECK(as_text(reply->bytes) == std::to_string(i));
    }
    CHECK(running.drain().messages == 20);
  });
}

TEST_CASE("a server that has ended leaves no descriptor open") {
  on_each([](const ServerOptions& options) {
    const std::size_t before = test::open_descriptors();
    {
      test::RunningServer running(options, "tcp://127.0.0.1:0", echo);
      const UniqueFd caller = test::connect_tcp(running.port());
      test::send_text(caller.get(), "x");
      CHECK(test::receive_text(caller.get(), 1) == "x");
      running.drain();
    }
    CHECK(test::open_descriptors() == before);
  });
}

}  // namespace hotline::loops_runner_test
