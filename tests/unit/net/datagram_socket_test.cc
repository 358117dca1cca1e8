#include "hotline/net/datagram_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "net/datagram_access.h"
#include "support/datagrams.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::datagram_socket_test {
namespace {

using std::chrono::milliseconds;

using test::bound;
using test::connected;
using test::echo_one;
using test::received;
using test::send;
using test::soon;

}  // namespace

TEST_CASE("a datagram arrives complete, and its answer reaches the sender") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    CHECK(server.endpoint().port() != 0);
    DatagramSocket client = connected(server.endpoint().to_uri());
    CHECK(client.endpoint().to_uri() == server.endpoint().to_uri());
    send(client, "hello");
    echo_one(server);
    CHECK(received(client) == "hello");
  });
}

TEST_CASE("the peer of a datagram is shown as text") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    send(client, "x");
    const auto datagram = server.receive(soon());
    REQUIRE(datagram);
    REQUIRE(datagram->route != nullptr);
    CHECK(server.peer_of(*datagram->route).host() == "127.0.0.1");
    CHECK(server.peer_of(*datagram->route).port() != 0);
    CHECK(client.peer_of(DatagramRoute()).to_uri() == server.endpoint().to_uri());
  });
}

TEST_CASE(
    "replies to several peers in one batch arrive one by one, in order, whatever their sizes") {
  test::on_each_engine([] {
    for (const std::string uri : {"udp://127.0.0.1:0", "udp://0.0.0.0:0", "udp://:0"}) {
      CAPTURE(uri);
      DatagramSocket server = bound(uri);
      const std::string called = "udp://127.0.0.1:" + std::to_string(server.endpoint().port());
      DatagramSocket one = connected(called);
      DatagramSocket other = connected(called);
      send(one, "x");
      const auto first = server.receive(soon());
      REQUIRE(first);
      const DatagramRoute to_one = *first->route;
      send(other, "y");
      const auto second = server.receive(soon());
      REQUIRE(second);
      const DatagramRoute to_other = *second->route;

      std::vector<std::string> texts;
      std::vector<OutgoingDatagram> outgoing;
      for (int i = 0; i < 130; ++i) texts.push_back(std::to_string(i));
      texts.insert(texts.end(), {"", "", "end"});
      for (const std::string& each : texts) outgoing.push_back({as_bytes(each), &to_one});
      outgoing.push_back({as_bytes("100"), &to_other});
      outgoing.push_back({as_bytes("end"), &to_other});
      const auto sent = server.send_batch(outgoing);
      REQUIRE(sent);
      CHECK(*sent == outgoing.size());
      for (const std::string& each : texts) CHECK(received(one) == each);
      CHECK(received(other) == "100");
      CHECK(received(other) == "end");
    }
  });
}

TEST_CASE("an empty datagram is a datagram") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    send(client, "");
    send(client, "after");
    const auto first = server.receive(soon());
    REQUIRE(first);
    CHECK(first->bytes.empty());
    CHECK_FALSE(first->is_truncated);
    REQUIRE(server.send({{}, first->route}));
    CHECK(received(server) == "after");
    CHECK(received(client) == "");
  });
}

TEST_CASE("waiting datagrams are received together, up to the size of a batch, in order") {
  test::on_each_engine([] {
    DatagramOptions options;
    options.batch_max = 4;
    DatagramSocket server = bound("udp://127.0.0.1:0", options);
    DatagramSocket client = connected(server.endpoint().to_uri());
    for (int i = 0; i < 10; ++i) send(client, std::to_string(i));
    std::string all;
    while (all.size() < 10) {
      const auto batch = server.receive_batch(soon());
      REQUIRE(batch);
      CHECK(batch->size() <= 4);
      for (const Datagram& each : *batch) all += as_text(each.bytes);
    }
    CHECK(all == "0123456789");
  });
}

TEST_CASE("a single receive leaves the others in the socket") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    for (const char* text : {"1", "2", "3"}) send(client, text);
    CHECK(received(server) == "1");
    CHECK(received(server) == "2");
    CHECK(received(server) == "3");
  });
}

TEST_CASE("a datagram longer than its room is cut and marked") {
  test::on_each_engine([] {
    DatagramOptions options;
    options.datagram_bytes_max = 4;
    DatagramSocket server = bound("udp://127.0.0.1:0", options);
    DatagramSocket client = connected(server.endpoint().to_uri());
    for (const char* text : {"12345", "1234", "123"}) send(client, text);
    for (const bool is_truncated : {true, false, false}) {
      const auto datagram = server.receive(soon());
      REQUIRE(datagram);
      CHECK(datagram->is_truncated == is_truncated);
      CHECK(as_text(datagram->bytes) == std::string_view("1234").substr(0, datagram->bytes.size()));
    }
  });
}

TEST_CASE("the largest datagram of UDP goes through, one byte more is too large") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    const std::string largest(65'507, 'u');
    send(client, largest);
    CHECK(received(server) == largest);
    const auto refused = client.send({as_bytes(largest + "u"), nullptr});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::too_large);
    CHECK(refused.error().endpoint == server.endpoint().to_uri());
  });
}

TEST_CASE("a connected socket without a peer gets a refusal") {
  test::on_each_engine([] {
    std::string uri;
    {
      const DatagramSocket server = bound("udp://127.0.0.1:0");
      uri = server.endpoint().to_uri();
    }
    DatagramSocket client = connected(uri);
    send(client, "anybody?");
    const auto datagram = client.receive(soon());
    REQUIRE_FALSE(datagram);
    CHECK(datagram.error().kind == ErrorKind::refused);
    CHECK(datagram.error().message() == "cannot receive on " + uri + ": connection refused");
  });
}

TEST_CASE("a receive times out when nothing arrives, and later datagrams are not lost") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    CHECK(test::kind_of(server.receive(deadline_after(milliseconds(1)))) == "timed_out");
    DatagramSocket client = connected(server.endpoint().to_uri());
    send(client, "late");
    CHECK(received(server) == "late");
  });
}

TEST_CASE("a UNIX datagram client has a name of its own, so that it can be answered") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    for (const std::string& uri : {"unixgram://" + directory.file("s"),
                                   "unixgram:@hotline-dg-" + std::to_string(::getpid())}) {
      DatagramSocket server = bound(uri);
      CHECK(server.endpoint().to_uri() == uri);
      DatagramSocket client = connected(uri);
      send(client, "hello");
      const auto datagram = server.receive(soon());
      REQUIRE(datagram);
      CHECK(server.peer_of(*datagram->route).is_abstract());
      REQUIRE(server.send({datagram->bytes, datagram->route}));
      CHECK(received(client) == "hello");
      server.close();
      CHECK(::access(directory.file("s").c_str(), F_OK) != 0);
    }
  });
}

TEST_CASE("a batch is sent in order, and an undeliverable one does not delay the rest") {
  test::on_each_engine([] {
    DatagramOptions options;
    options.batch_max = 3;
    DatagramSocket sender = bound("udp://127.0.0.1:0", options);
    DatagramSocket receiver = bound("udp://127.0.0.1:0");
    DatagramRoute route;
    route.peer = test::ipv4_address(receiver.endpoint().port());
    const std::string too_large(65'508, 'x');
    std::vector<OutgoingDatagram> batch;
    for (const char* text : {"0", "1", "2", "3", "4", "5", "6"}) {
      batch.push_back({as_bytes(text), &route});
    }
    batch[0].bytes = as_bytes(too_large);
    batch[4].bytes = as_bytes(too_large);
    const auto sent = sender.send_batch(batch);
    REQUIRE(sent);
    CHECK(*sent == 5);
    std::string all;
    while (all.size() < 5) all += received(receiver);
    CHECK(all == "12356");
    CHECK(sender.send_batch({}).value_or(9) == 0);
  });
}

TEST_CASE("kept datagrams are not changed while others are received") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    std::vector<std::shared_ptr<void>> kept;
    std::vector<Datagram> datagrams;
    for (int i = 0; i < 5; ++i) {
      send(client, "kept " + std::to_string(i));
      const auto datagram = server.receive(soon());
      REQUIRE(datagram);
      datagrams.push_back(*datagram);
      kept.push_back(net::DatagramAccess::keep(server));
    }
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(as_text(datagrams[i].bytes) == "kept " + std::to_string(i));
      REQUIRE(server.send({datagrams[i].bytes, datagrams[i].route}));
      CHECK(received(client) == "kept " + std::to_string(i));
    }
    kept.clear();
    send(client, "next");
    CHECK(received(server) == "next");
  });
}

TEST_CASE("memory that was kept and released is used again") {
  DatagramSocket server = bound("udp://127.0.0.1:0");
  DatagramSocket client = connected(server.endpoint().to_uri());
  std::vector<const void*> places;
  for (int i = 0; i < 6; ++i) {
    send(client, "x");
    const auto datagram = server.receive(soon());
    REQUIRE(datagram);
    places.push_back(datagram->bytes.data());
    net::DatagramAccess::keep(server);
  }
  CHECK(places[2] == places[0]);
  CHECK(places[3] == places[1]);
}

TEST_CASE("several fibers may send on one socket at once, and every datagram is complete") {
  test::on_each_loop([](engine::EventLoop&) {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    TaskGroup group;
    for (char name = 'a'; name <= 'h'; ++name) {
      REQUIRE(group.spawn("sender", [&client, name] {
        const std::string text(100, name);
        const OutgoingDatagram batch[] = {{as_bytes(text), nullptr}, {as_bytes(text), nullptr}};
        for (int i = 0; i < 5; ++i) REQUIRE(client.send_batch(batch));
      }));
    }
    CHECK(group.join());
    for (int i = 0; i < 80; ++i) {
      const std::string text = received(server);
      REQUIRE(text.size() == 100);
      CHECK(text == std::string(100, text[0]));
    }
  });
}

TEST_CASE("a shared socket has the datagrams of the same descriptor, and buffers of its own") {
  test::on_each_engine([] {
    DatagramSocket one = bound("udp://127.0.0.1:0");
    auto other = one.share();
    REQUIRE(other);
    CHECK(other->endpoint().to_uri() == one.endpoint().to_uri());
    CHECK(other->descriptor() != one.descriptor());
    DatagramSocket client = connected(one.endpoint().to_uri());
    send(client, "1");
    send(client, "2");
    const auto first = one.receive(soon());
    const auto second = other->receive(soon());
    REQUIRE(first);
    REQUIRE(second);
    CHECK(as_text(first->bytes) == "1");
    CHECK(as_text(second->bytes) == "2");
  });
}

TEST_CASE("a socket moves from loop to loop") {
  DatagramSocket server = bound("udp://127.0.0.1:0");
  DatagramSocket client = connected(server.endpoint().to_uri());
  test::on_each_loop([&](engine::EventLoop&) {
    send(client, "x");
    CHECK(received(server) == "x");
    server.leave_loop();
    client.leave_loop();
  });
  send(client, "y");
  CHECK(received(server) == "y");
  server.close();
  server.close();
  CHECK(server.descriptor() == -1);
}

TEST_CASE("an endpoint that is not for datagrams is refused") {
  const auto kind_of_bind = [](const char* uri) {
    return test::kind_of(bind_datagrams(*Endpoint::parse(uri)));
  };
  const auto kind_of_connect = [](const char* uri) {
    return test::kind_of(connect_datagrams(*Endpoint::parse(uri)));
  };
  CHECK(kind_of_bind("udp://192.0.2.200:0") == "address_not_available");
  CHECK(kind_of_bind("tcp://127.0.0.1:0") == "unsupported");
  CHECK(kind_of_connect("tcp://127.0.0.1:1") == "unsupported");
  CHECK(kind_of_connect("fd:3") == "unsupported");
  CHECK(kind_of_connect("unixgram:@nobody-has-this-name") == "refused");
  CHECK(kind_of_connect("udp://a..b:1") == "unreachable");
}

TEST_CASE("no other socket can join sockets that share a UDP port, and each datagram reaches one") {
  for (const char* uri : {"udp://127.0.0.1:0", "udp://:0"}) {
    CAPTURE(std::string(uri));
    auto one = bind_datagrams(*Endpoint::parse(uri));
    REQUIRE(one);
    auto other = one->share_port();
    REQUIRE(other);
    CHECK(other->endpoint().to_uri() == one->endpoint().to_uri());
    CHECK(test::kind_of(bind_datagrams(one->endpoint())) == "address_in_use");
    constexpr int kSenders = 32;
    const std::string where = "udp://127.0.0.1:" + std::to_string(one->endpoint().port());
    for (int i = 0; i < kSenders; ++i) {
      auto sender = connect_datagrams(*Endpoint::parse(where));
      REQUIRE(sender);
      REQUIRE(sender->send({.bytes = as_bytes("x")}));
    }
    int received = 0;
    for (DatagramSocket* each : {&*one, &*other}) {
      while (each->receive(Deadline::at(now()))) ++received;
    }
    CHECK(received == kSenders);
  }
}

}  // namespace hotline::datagram_socket_test
