#include <doctest/doctest.h>
#include <signal.h>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/engine/clock.h"
#include "hotline/services/upper.h"

using contract::observed;
using contract::observed_upper;
using contract::Peer;
using contract::row;
using contract::ServerProcess;
using hotline::ErrorKind;
using hotline::Stream;

namespace {

/// Answers slowly: begins a reply, waits for the test's flag, ends it.
void slow_reply(Stream& call) {
  ++observed().calls;
  if (!call.receive()) return;
  static_cast<void>(call.write_all(hotline::as_bytes("begin ")));
  while (observed().flag == 0) {
    if (!hotline::sleep_for(std::chrono::milliseconds(2))) break;
  }
  if (call.write_all(hotline::as_bytes("end"))) ++observed().returns;
}

/// The peers of these tests keep their calls open until the server has closed them.
void linger_shortly(hotline::ServerOptions& options) {
  options.linger = std::chrono::milliseconds(50);
}

}  // namespace

TEST_CASE("A drain ends calls that wait for their caller, and the server with status 0") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper, linger_shortly);
    Peer peer(server.endpoint());
    CHECK(peer.exchange("hello") == "HELLO");
    server.drain();
    CHECK(peer.receive_to_end().empty());
    const auto report = server.wait();
    CHECK(report.finished == 1);
    CHECK(report.cut == 0);
    CHECK(report.calls == 1);
    CHECK(server.exit_status() == 0);
    CHECK(observed().end_kind == static_cast<int>(ErrorKind::draining));
    CHECK_FALSE(Peer::can_connect(server.endpoint()));
  }
}

TEST_CASE("A drain lets a handler finish a reply that it has begun") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, slow_reply, linger_shortly);
    Peer peer(server.endpoint());
    peer.send("go");
    CHECK(peer.receive(6) == "begin ");
    server.drain();
    observed().flag = 1;
    CHECK(peer.receive_to_end() == "end");
    const auto report = server.wait();
    CHECK(report.finished == 1);
    CHECK(report.cut == 0);
    CHECK(observed().returns == 1);
  }
}

TEST_CASE("At the deadline of the drain the remaining calls are cut, and counted") {
  const auto short_drain = [](hotline::ServerOptions& options) {
    options.drain_timeout = std::chrono::milliseconds(100);
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, slow_reply, short_drain);
    Peer peer(server.endpoint());
    peer.send("go");
    CHECK(peer.receive(6) == "begin ");
    server.drain();
    const auto report = server.wait();
    CHECK(report.cut == 1);
    CHECK(report.finished == 0);
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("A second signal cuts at once") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, slow_reply);
    Peer peer(server.endpoint());
    peer.send("go");
    CHECK(peer.receive(6) == "begin ");
    server.signal(SIGINT);
    server.signal(SIGINT);
    CHECK(server.wait().cut == 1);
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("Callers in the backlog at the drain, with bytes sent, are still answered") {
  const auto one_at_a_time = [](hotline::ServerOptions& options) {
    linger_shortly(options);
    options.limits.connections_max = 1;
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper, one_at_a_time);
    Peer first(server.endpoint());
    CHECK(first.exchange("first") == "FIRST");
    Peer second(server.endpoint());
    Peer third(server.endpoint());
    second.send_early("second");
    third.send_early("third");
    server.drain();
    const std::string to_second = second.receive_to_end();
    const std::string to_third = third.receive_to_end();
    CHECK(server.wait().cut == 0);
    if (hotline::is_protected(server.endpoint().transport())) {
      // Nothing of theirs had arrived, because the handshake comes first: they may see an end.
      CHECK((to_second == "SECOND" || to_second.empty()));
      CHECK((to_third == "THIRD" || to_third.empty()));
      CHECK(observed().calls >= 1 + int{!to_second.empty()} + int{!to_third.empty()});
    } else {
      CHECK(to_second == "SECOND");
      CHECK(to_third == "THIRD");
    }
  }
}

TEST_CASE("If one call is requested, the server ends after it") {
  const auto once = [](hotline::ServerOptions& options) {
    options.calls = hotline::CallCount::one;
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::upper_once, once);
    Peer peer(server.endpoint());
    CHECK(peer.exchange("only") == "ONLY");
    CHECK(peer.receive_to_end().empty());
    peer.close();
    CHECK(server.wait().calls == 1);
    CHECK(server.exit_status() == 0);
  }
}
