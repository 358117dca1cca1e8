#include <doctest/doctest.h>

#include <string>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/services/upper.h"

// What a server has done is counted in the same way under every word: calls are connections,
// messages are datagrams and frames.

using contract::Peer;
using contract::row;
using contract::ServerProcess;

TEST_CASE("A call of raw bytes counts as a call, and never as messages") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::upper);
    for (int i = 0; i < 3; ++i) {
      Peer peer(server.endpoint());
      CHECK(peer.exchange("one") == "ONE");
      CHECK(peer.exchange("two") == "TWO");
      peer.end_writes();
      CHECK(peer.receive_to_end().empty());
    }
    server.drain();
    const auto report = server.wait();
    CHECK(report.calls == 3);
    CHECK(report.messages == 0);
  }
}

TEST_CASE("A framed call counts as a call, and each of its frames as a message") {
  for (const std::string framing : {"?framing=lines", "?framing=ready"}) {
    for (const std::string& uri : contract::stream_endpoints()) {
      CAPTURE(uri);
      ServerProcess server(uri + framing, hotline::UpperMessages());
      const bool is_ready = framing == "?framing=ready";
      for (int i = 0; i < 2; ++i) {
        Peer peer(server.endpoint());
        for (int j = 0; j < 3; ++j) {
          if (is_ready) {
            peer.send("3");
            CHECK(peer.receive(5) == "ready");
            peer.send("abc");
            CHECK(peer.receive(1) == "3");
            peer.send("ready");
            CHECK(peer.receive(3) == "ABC");
          } else {
            CHECK(peer.exchange("abc\n") == "ABC\n");
          }
        }
        peer.end_writes();
        CHECK(peer.receive_to_end().empty());
      }
      server.drain();
      const auto report = server.wait();
      CHECK(report.calls == 2);
      CHECK(report.messages == 6);
    }
  }
}

TEST_CASE("A datagram counts as a message, and never as a call") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer one(server.endpoint());
    Peer other(server.endpoint());
    for (int i = 0; i < 4; ++i) CHECK(one.exchange("hello") == "HELLO");
    CHECK(other.exchange("x") == "X");
    server.drain();
    const auto report = server.wait();
    CHECK(report.calls == 0);
    CHECK(report.messages == 5);
    CHECK(report.finished == 0);
  }
}

TEST_CASE("A handler that throws counts as a failure, for a message as for a call") {
  const auto throws = [](const hotline::Message& message) -> hotline::Reply {
    if (hotline::as_text(message.bytes()) == "throw") throw std::runtime_error("as asked");
    return std::string("ok");
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri + "?framing=lines", throws);
    Peer peer(server.endpoint());
    peer.send("fine\n");
    CHECK(peer.receive(3) == "ok\n");
    peer.send("throw\n");
    CHECK(peer.receive_to_end().empty());
    server.drain();
    const auto report = server.wait();
    CHECK(report.calls == 1);
    CHECK(report.messages == 2);
    CHECK(report.handler_failures == 1);
  }
}
