#include <doctest/doctest.h>

#include <map>
#include <set>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/engine/clock.h"
#include "hotline/services/upper.h"

using contract::observed;
using contract::Peer;
using contract::row;
using contract::ServerProcess;
using contract::upper_cased;
using contract::varied_bytes;

TEST_CASE(
    "A datagram is answered with the same bytes in upper case, an empty one with an empty one") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer peer(server.endpoint());
    for (const std::string text : {"hello", "", "ümläut", "x"}) {
      CAPTURE(text);
      peer.send(text);
      CHECK(peer.receive_some() == upper_cased(text));
    }
  }
}

TEST_CASE("The largest datagram that the transport takes is answered completely") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer peer(server.endpoint());
    // UDP: 65,535 minus the headers of IPv4 and UDP; the length of IPv6 does not include its own
    // header.
    const std::string text = varied_bytes(65'507);
    peer.send(text);
    CHECK(peer.receive_some() == upper_cased(text));
  }
}

TEST_CASE("Each datagram of a burst is answered once, however the burst is split into batches") {
  constexpr int kDatagrams = 200;
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer peer(server.endpoint());
    std::multiset<std::string> wanted;
    std::multiset<std::string> got;
    // A UNIX server drops replies for which its caller has no room: ten at a time fit into every
    // queue.
    for (int i = 0; i < kDatagrams; i += 10) {
      for (int j = i; j < i + 10; ++j) {
        const std::string text = "datagram " + std::to_string(j);
        wanted.insert(upper_cased(text));
        peer.send(text);
      }
      for (int j = 0; j < 10; ++j) got.insert(peer.receive_some());
    }
    CHECK(got == wanted);
  }
}

TEST_CASE("A handler that waits does not hold back the replies to earlier datagrams") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, contract::wait_for_flag);
    Peer peer(server.endpoint());
    peer.send("1");
    CHECK(contract::eventually([] { return observed().calls == 1; }));
    // They come together when there is one thread, which waits now.
    for (const char* text : {"now", "2"}) peer.send(text);
    observed().flag = 1;
    std::multiset<std::string> got{peer.receive_some(), peer.receive_some()};
    CHECK(got == std::multiset<std::string>{"1", "now"});
    observed().flag = 2;
    CHECK(peer.receive_some() == "2");
  }
}

TEST_CASE("A reply that no datagram can carry is a failure of its handler") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, [](const hotline::Message& message) -> hotline::Reply {
      const bool is_big = hotline::as_text(message.bytes()) == "big";
      return is_big ? std::string(16'000'000, 'x') : std::string("small");
    });
    Peer peer(server.endpoint());
    for (const char* text : {"big", "hello"}) peer.send(text);
    CHECK(peer.receive_some() == "small");
    server.drain();
    CHECK(server.wait().handler_failures == 1);
  }
}

TEST_CASE("Many callers each get their own answers") {
  constexpr int kCallers = 30;
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < kCallers; ++i) {
      peers.push_back(std::make_unique<Peer>(server.endpoint()));
      peers.back()->send("caller " + std::to_string(i));
    }
    for (int i = 0; i < kCallers; ++i) {
      CHECK(peers[static_cast<std::size_t>(i)]->receive_some() == "CALLER " + std::to_string(i));
    }
  }
}

TEST_CASE("A handler that throws or has no reply affects that message only") {
  const auto moody = [](const hotline::Message& message) -> hotline::Reply {
    const auto text = hotline::as_text(message.bytes());
    if (text == "throw") throw std::runtime_error("as asked");
    if (text == "nothing") return {};
    return std::string("own bytes");
  };
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, moody);
    Peer peer(server.endpoint());
    peer.send("throw");
    peer.send("nothing");
    peer.send("something");
    CHECK(peer.receive_some() == "own bytes");
    server.drain();
    CHECK(server.wait().handler_failures == 1);
  }
}

TEST_CASE("A handler that waits does not delay other messages on a loop") {
  if (!row().is_loops()) return;
  const auto sometimes_slow = [](const hotline::Message& message) -> hotline::Reply {
    if (hotline::as_text(message.bytes()).starts_with("slow")) {
      while (observed().flag == 0) {
        if (!hotline::sleep_for(std::chrono::milliseconds(1))) break;
      }
    }
    hotline::to_upper(message.bytes());
    return hotline::Reply::in_place(message);
  };
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, sometimes_slow);
    Peer slow(server.endpoint());
    Peer quick(server.endpoint());
    for (int i = 0; i < 5; ++i) slow.send("slow " + std::to_string(i));
    for (int i = 0; i < 100; ++i) {
      quick.send("quick " + std::to_string(i));
      CHECK(quick.receive_some() == "QUICK " + std::to_string(i));
    }
    observed().flag = 1;
    std::set<std::string> late;
    for (int i = 0; i < 5; ++i) late.insert(slow.receive_some());
    CHECK(late == std::set<std::string>{"SLOW 0", "SLOW 1", "SLOW 2", "SLOW 3", "SLOW 4"});
  }
}

TEST_CASE("A datagram handler owns its socket, and ends with the drain") {
  const auto twice = [](hotline::DatagramSocket& socket) {
    for (;;) {
      auto datagram = socket.receive();
      if (!datagram) return;
      static_cast<void>(socket.send({datagram->bytes, datagram->route}));
      static_cast<void>(socket.send({datagram->bytes, datagram->route}));
    }
  };
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, twice);
    Peer peer(server.endpoint());
    peer.send("echo");
    CHECK(peer.receive_some() == "echo");
    CHECK(peer.receive_some() == "echo");
    server.drain();
    server.wait();
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("A drain answers the datagrams that have arrived, and ends with status 0") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer peer(server.endpoint());
    peer.send("before");
    server.drain();
    CHECK(peer.receive_some() == "BEFORE");
    server.wait();
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("If one call is requested, the server answers one datagram and ends") {
  const auto once = [](hotline::ServerOptions& options) {
    options.calls = hotline::CallCount::one;
  };
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages(), once);
    Peer peer(server.endpoint());
    peer.send("only");
    CHECK(peer.receive_some() == "ONLY");
    server.wait();
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("If it is requested, all datagrams of one address reach the same call of the handler") {
  const auto numbered = [](hotline::DatagramSocket& socket) {
    const std::string number = std::to_string(++observed().calls);
    while (const auto datagram = socket.receive()) {
      static_cast<void>(socket.send({hotline::as_bytes(number), datagram->route}));
    }
  };
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::Handler(numbered).steer_by_source());
    std::set<std::string> answered;
    for (int i = 0; i < 12; ++i) {
      Peer peer(server.endpoint());
      peer.send("x");
      answered.insert(peer.receive_some());
    }
    CHECK(answered.size() == 1);
    server.drain();
    server.wait();
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("Datagrams carry the times of their arrival, and replies get sent times over UDP") {
  const auto timed = [](hotline::DatagramSocket& socket) {
    using hotline::TimestampUse;
    const bool has_sent = socket.note_times(TimestampUse::received_and_sent).has_value();
    if (!has_sent && !socket.note_times(TimestampUse::received)) return;
    while (const auto datagram = socket.receive()) {
      const std::string answer = std::string(datagram->received_at ? "arrived" : "no time");
      static_cast<void>(
          socket.send({hotline::as_bytes(answer), datagram->route, hotline::SentTime::wanted}));
      const auto sent = socket.take_sent();
      if (sent) observed().sent += static_cast<long long>(sent->size());
    }
  };
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    // With steering, each thread has a descriptor of its own, and so its own queue of sent times.
    ServerProcess server(uri, hotline::Handler(timed).steer_by_source());
    Peer peer(server.endpoint());
    // The kernel begins to note times a little after it was asked.
    const bool is_timed = contract::eventually([&] {
      peer.send("x");
      return peer.receive_some() == "arrived";
    });
    CHECK(is_timed);
    const bool is_udp = uri.starts_with("udp");
    CHECK(contract::eventually([&] { return (observed().sent > 0) == is_udp; }));
  }
}
