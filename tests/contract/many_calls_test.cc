#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/services/upper.h"

using contract::Beside;
using contract::observed;
using contract::Peer;
using contract::row;
using contract::ServerProcess;
using contract::upper_cased;
using contract::varied_bytes;

namespace {

void counted_upper(hotline::Stream& call) {
  ++observed().calls;
  hotline::upper(call);
  ++observed().returns;
}

}  // namespace

TEST_CASE("A storm of connections, opened and closed, leaves nothing open") {
  constexpr int kThreads = 4;
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    // A handshake takes as long as ten calls without one; a simulated row has many worlds.
    const int calls_of_thread =
        (uri.starts_with("tls://") ? 50 : 250) / (row().is_simulated() ? 5 : 1);
    const int calls = kThreads * calls_of_thread;
    ServerProcess server(uri, counted_upper);
    std::atomic<int> right = 0;
    std::vector<Beside> callers;
    for (int t = 0; t < kThreads; ++t) {
      callers.emplace_back([&, t] {
        for (int i = 0; i < calls_of_thread; ++i) {
          const std::string text = "call " + std::to_string(t) + " " + std::to_string(i);
          Peer peer(server.endpoint());
          if (peer.exchange(text) == upper_cased(text)) ++right;
          if (i % 3 == 0) peer.reset();
        }
      });
    }
    for (Beside& caller : callers) caller.join();
    CHECK(right == calls);
    CHECK(contract::eventually([calls] { return observed().returns == calls; }));
    server.drain();
    const auto report = server.wait();
    CHECK(report.calls == calls);
    CHECK(report.cut == 0);
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("Many calls run at once, or one after another, as the word says") {
  constexpr std::size_t kCalls = 20;
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, counted_upper);
    if (row().is_serial()) {
      Peer first(server.endpoint());
      CHECK(first.exchange("a") == "A");
      Peer second(server.endpoint());
      second.send_early("b");
      CHECK(observed().calls == 1);
      first.close();
      CHECK(second.receive(1) == "B");
      continue;
    }
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::size_t i = 0; i < kCalls; ++i) {
      peers.push_back(std::make_unique<Peer>(server.endpoint()));
      CHECK(peers.back()->exchange("x") == "X");
    }
    CHECK(observed().calls == kCalls);
    CHECK(observed().returns == 0);
    for (std::size_t i = kCalls; i > 0; --i) CHECK(peers[i - 1]->exchange("still") == "STILL");
  }
}

TEST_CASE("At the connection limit the next caller waits in the backlog until a call ends") {
  if (row().is_serial()) return;
  const auto two = [](hotline::ServerOptions& options) { options.limits.connections_max = 2; };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, counted_upper, two);
    Peer first(server.endpoint());
    Peer second(server.endpoint());
    CHECK(first.exchange("a") == "A");
    CHECK(second.exchange("b") == "B");
    Peer third(server.endpoint());
    third.send_early("c");
    CHECK(first.exchange("still only two") == "STILL ONLY TWO");
    CHECK(observed().calls == 2);
    first.close();
    CHECK(third.receive(1) == "C");
    CHECK(observed().calls == 3);
  }
}

TEST_CASE("Without a descriptor left callers are refused, and served again when there is one") {
  constexpr std::size_t kDescriptorsMax = 60;
  const auto no_limit = [](hotline::ServerOptions& options) {
    options.limits.connections_max = 10'000;
  };
  // Blocking rows limit their calls by words of their own; without descriptors they do the same.
  if (!row().is_loops()) return;
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, counted_upper, no_limit, kDescriptorsMax);
    std::vector<std::unique_ptr<Peer>> peers;
    int served = 0;
    int told_off = 0;
    for (int i = 0; i < 80; ++i) {
      auto peer = Peer::unless_reset(server.endpoint());
      peer ? peers.push_back(std::move(peer)) : static_cast<void>(++told_off);
    }
    CHECK(contract::eventually([&] {
      for (auto& peer : peers) {
        if (!peer) continue;
        peer->send_what_goes("x");
        const auto came = peer->receive_what_came();
        if (!came) continue;
        ++(came->empty() ? told_off : served);
        if (came->empty()) peer.reset();
      }
      return served > 0 && told_off > 0;
    }));
    peers.clear();
    CHECK(contract::eventually([&] {
      const auto next = Peer::unless_reset(server.endpoint());
      if (!next) return false;
      next->send_what_goes("recovered");
      return next->receive(9) == "RECOVERED";
    }));
    server.drain();
    server.wait();
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("At the limit that descriptors set, callers wait, and the server goes on") {
  // Each look at all callers takes one step of a simulated world, so there are fewer of them.
  const std::size_t descriptors_max = row().is_simulated() ? 160 : 300;
  const int callers = row().is_simulated() ? 150 : 400;
  const int calls_min = row().is_simulated() ? 20 : 140;
  // All callers over TLS shake hands at the same moment.
  const auto no_early_drop = [](hotline::ServerOptions& options) {
    options.limits.unauthenticated = hotline::EarlyDrop{.start = 1000};
  };
  if (!row().is_loops()) return;
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, counted_upper, no_early_drop, descriptors_max);
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < callers; ++i) {
      peers.push_back(std::make_unique<Peer>(server.endpoint()));
      peers.back()->send_early("x");
    }
    CHECK(contract::eventually([&] {
      for (auto& peer : peers) peer->is_readable();
      return observed().calls >= calls_min;
    }));
    CHECK(observed().calls < static_cast<int>(descriptors_max));
    // Each caller that ends makes room for one that waits, until all have been served.
    int served = 0;
    CHECK(contract::eventually([&] {
      for (auto& peer : peers) {
        if (!peer || peer->receive_what_came() != "X") continue;
        ++served;
        peer.reset();
      }
      return served == callers;
    }));
    CHECK(contract::eventually([&] { return observed().returns == callers; }));
    CHECK(Peer(server.endpoint()).exchange("next") == "NEXT");
    server.drain();
    server.wait();
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("A ring of two buffers serves many callers, byte for byte") {
  if (!row().is_loops()) return;
  constexpr std::size_t kCallers = 8;
  const std::size_t bytes_each = (row().is_simulated() ? 64 : 512) * std::size_t{1024};
  const auto two_buffers = [](hotline::ServerOptions& options) {
    options.loop.hot_buffers = 2;
    options.loop.receive_buffer_bytes = 4096;
    options.loop.receive_memory_max = 2 * 4096;
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, counted_upper, two_buffers);
    std::atomic<std::size_t> right = 0;
    std::vector<Beside> callers;
    for (std::size_t i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, i] {
        const std::string text = varied_bytes(bytes_each, static_cast<unsigned>(i + 1));
        Peer peer(server.endpoint());
        peer.establish();
        Beside sender([&] {
          peer.send(text);
          peer.end_writes();
        });
        if (peer.receive_to_end() == upper_cased(text)) ++right;
        sender.join();
      });
    }
    for (Beside& caller : callers) caller.join();
    CHECK(right == kCallers);
  }
}
