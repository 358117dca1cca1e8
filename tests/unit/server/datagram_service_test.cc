#include "server/datagram_service.h"

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/running_server.h"

namespace hotline::datagram_service_test {
namespace {

/// Runs under each word, on each engine that it may have.
void on_each_word(const std::function<void(const ServerOptions&)>& body) {
  for (const char* word : {"serial", "threads:2", "loops:2"}) {
    for (const EngineKind engine : test::loop_engines()) {
      if (*word != 'l' && engine != test::loop_engines().front()) continue;
      INFO(std::string(word), " on the engine ", std::string(name_of(engine)));
      ServerOptions options = test::options_for(word);
      options.loop.engine = engine;
      body(options);
    }
  }
}

/// Echoes, and throws at some words.
void echo(DatagramSocket& socket) {
  while (const auto datagram = socket.receive()) {
    const std::string_view text = as_text(datagram->bytes);
    if (text == "boom") throw std::runtime_error("as asked");
    if (text == "bang") throw 1;
    CHECK(socket.send({datagram->bytes, datagram->route}));
  }
}

/// Sends until there is a reply, because datagrams during a pause of the handler may be lost.
std::string ask(DatagramSocket& client, std::string_view text) {
  REQUIRE(client.send({as_bytes(text), nullptr}));
  const auto reply = client.receive(deadline_after(std::chrono::seconds(10)));
  return reply ? std::string(as_text(reply->bytes)) : test::kind_of(reply);
}

}  // namespace

TEST_CASE("a datagram handler that throws is called again, and others are served") {
  on_each_word([](ServerOptions options) {
    test::CollectingLog log;
    options.log = &log;
    test::RunningServer running(options, "udp://127.0.0.1:0", echo);
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    CHECK(ask(*client, "one") == "one");
    for (const char* bad : {"boom", "bang"}) {
      REQUIRE(client->send({as_bytes(bad), nullptr}));
      CHECK(ask(*client, "behind") == "behind");
    }
    CHECK(running.drain().handler_failures == 2);
    CHECK(log.has("the handler failed; it is called again"));
    CHECK(log.has_detail("as asked"));
  });
}

TEST_CASE("a datagram handler that also throws at the drain is not called for ever") {
  on_each_word([](const ServerOptions& options) {
    test::RunningServer running(options, "udp://127.0.0.1:0", [](DatagramSocket& socket) {
      while (const auto datagram = socket.receive()) {
        CHECK(socket.send({datagram->bytes, datagram->route}));
      }
      throw std::runtime_error("at its end");
    });
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    CHECK(ask(*client, "one") == "one");
    CHECK(running.drain().handler_failures >= 1);
  });
}

TEST_CASE("a datagram handler that keeps throwing is paused, and a drain ends it") {
  on_each_word([](const ServerOptions& options) {
    std::atomic<int> calls = 0;
    test::RunningServer running(options, "udp://127.0.0.1:0", [&](DatagramSocket&) {
      ++calls;
      throw std::runtime_error("always");
    });
    const Instant before = std::chrono::steady_clock::now();
    while (calls < 9) std::this_thread::yield();
    // By two threads or loops at most.
    CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(40));
    const auto failures = running.drain().handler_failures;
    CHECK(failures == static_cast<std::uint64_t>(calls));
  });
}

TEST_CASE("a datagram handler may take its socket for itself, and also throw") {
  on_each_word([](const ServerOptions& options) {
    std::atomic<int> calls = 0;
    test::RunningServer running(options, "udp://127.0.0.1:0", [&](DatagramSocket& socket) {
      DatagramSocket own = std::move(socket);
      ++calls;
      throw std::runtime_error("with the socket");
    });
    const auto failures = running.drain().handler_failures;
    CHECK(failures == static_cast<std::uint64_t>(calls));
  });
}

}  // namespace hotline::datagram_service_test
