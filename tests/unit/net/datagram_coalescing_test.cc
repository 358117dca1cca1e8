#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "net/datagram_access.h"
#include "support/datagrams.h"
#include "support/loops.h"

// Datagrams that are sent together, and that the kernel hands over together.

namespace hotline::datagram_coalescing_test {
namespace {

using test::bound;
using test::connected;
using test::received;
using test::soon;

using Texts = std::vector<std::string>;

/// Returns texts of one length, each with its number.
Texts numbered(std::size_t count, std::size_t bytes) {
  Texts texts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    texts.push_back(number + std::string(bytes - std::min(bytes, number.size()), '.'));
  }
  return texts;
}

void send_together(DatagramSocket& socket, const Texts& texts) {
  std::vector<OutgoingDatagram> datagrams;
  for (const std::string& each : texts) datagrams.push_back({as_bytes(each), nullptr});
  REQUIRE(socket.send_batch(datagrams).value_or(0) == texts.size());
}

/// Receives in batches until there are `count`.
Texts received_in_batches(DatagramSocket& socket, std::size_t count, std::size_t batch_max = 64) {
  Texts texts;
  while (texts.size() < count) {
    const auto batch = socket.receive_batch(soon());
    REQUIRE(batch);
    CHECK_FALSE(batch->empty());
    CHECK(batch->size() <= batch_max);
    for (const Datagram& each : *batch) {
      CHECK_FALSE(each.is_truncated);
      texts.emplace_back(as_text(each.bytes));
    }
  }
  return texts;
}

Texts received_one_by_one(DatagramSocket& socket, std::size_t count) {
  Texts texts;
  while (texts.size() < count) texts.push_back(received(socket));
  return texts;
}

/// Returns whether the kernel may hand over datagrams together.
bool is_coalescing(const DatagramSocket& socket) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket.descriptor(), SOL_UDP, UDP_GRO, &value, &size) == 0 && value != 0;
}

/// Exchanges one datagram, so that the kernel hands over together what `client` sends from now on.
void warm(DatagramSocket& server, DatagramSocket& client) {
  test::send(client, "warm");
  REQUIRE(received(server) == "warm");
}

/// Returns whether the kernel holds nothing more for `socket`.
bool is_queue_empty(const DatagramSocket& socket) {
  char byte = 0;
  return ::recv(socket.descriptor(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/// Has the kernel hand over `texts`, and receives the first of them.
void receive_first(DatagramSocket& server, DatagramSocket& client, const Texts& texts) {
  warm(server, client);
  send_together(client, texts);
  REQUIRE(received(server) == texts.front());
  if (is_coalescing(server)) REQUIRE(is_queue_empty(server));
}

}  // namespace

TEST_CASE("datagrams that were sent together arrive one by one, in order, whatever their sizes") {
  test::on_each_engine([] {
    for (const std::string uri : {"udp://127.0.0.1:0", "udp://0.0.0.0:0", "udp://[::1]:0"}) {
      CAPTURE(uri);
      DatagramSocket server = bound(uri);
      const std::string host = uri == "udp://[::1]:0" ? "[::1]" : "127.0.0.1";
      DatagramSocket client =
          connected("udp://" + host + ":" + std::to_string(server.endpoint().port()));
      Texts texts = numbered(100, 20);
      for (const char* each : {"short", "", "x", "y", "z", "longer", ""}) texts.push_back(each);
      send_together(client, texts);
      CHECK(received_in_batches(server, texts.size()) == texts);
      CHECK(is_coalescing(server));
      send_together(client, texts);
      CHECK(received_one_by_one(server, texts.size()) == texts);
    }
  });
}

TEST_CASE("datagrams of one byte and of the largest size of a train arrive as they were sent") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    for (const std::size_t bytes : {1U, 1200U, 1201U}) {
      CAPTURE(bytes);
      const Texts texts = numbered(10, bytes);
      send_together(client, texts);
      CHECK(received_in_batches(server, texts.size()) == texts);
    }
  });
}

TEST_CASE("no batch has more datagrams than requested, however many came together") {
  test::on_each_engine([] {
    DatagramOptions options;
    options.batch_max = 3;
    DatagramSocket server = bound("udp://127.0.0.1:0", options);
    DatagramSocket client = connected(server.endpoint().to_uri());
    const Texts texts = numbered(64, 9);
    warm(server, client);
    send_together(client, texts);
    CHECK(received_in_batches(server, 3, 3) == Texts(texts.begin(), texts.begin() + 3));
    if (is_coalescing(server)) CHECK(is_queue_empty(server));
    CHECK(received_in_batches(server, 61, 3) == Texts(texts.begin() + 3, texts.end()));
  });
}

TEST_CASE("what is left of datagrams that came together needs no wait") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    receive_first(server, client, {"a", "b", "c"});
    for (const char* text : {"b", "c"}) {
      const auto datagram = server.receive(Deadline::at(now()));
      REQUIRE(datagram);
      CHECK(as_text(datagram->bytes) == text);
    }
    CHECK(test::kind_of(server.receive(Deadline::at(now()))) == "timed_out");
  });
}

TEST_CASE("replies to several peers in turn reach each of them in order") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://0.0.0.0:0");
    const std::string called = "udp://127.0.0.1:" + std::to_string(server.endpoint().port());
    DatagramSocket one = connected(called);
    DatagramSocket other = connected(called);
    const Texts texts = numbered(64, 100);
    warm(server, one);
    send_together(one, texts);
    send_together(other, texts);
    std::vector<Datagram> requests;
    std::vector<std::shared_ptr<void>> kept;
    while (requests.size() < 2 * texts.size()) {
      const auto batch = server.receive_batch(soon());
      REQUIRE(batch);
      requests.insert(requests.end(), batch->begin(), batch->end());
      kept.push_back(net::DatagramAccess::keep(server));
    }
    std::vector<OutgoingDatagram> replies;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      replies.push_back({requests[i].bytes, requests[i].route});
      replies.push_back({requests[i + 64].bytes, requests[i + 64].route});
    }
    CHECK(server.send_batch(replies).value_or(0) == replies.size());
    CHECK(received_in_batches(one, texts.size()) == texts);
    CHECK(received_in_batches(other, texts.size()) == texts);
  });
}

TEST_CASE("datagrams that came together stay while they are kept, and the rest is not lost") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    warm(server, client);
    send_together(client, {"a", "b", "c"});
    const auto first = server.receive(soon());
    REQUIRE(first);
    if (is_coalescing(server)) CHECK(is_queue_empty(server));
    const Datagram kept_datagram = *first;
    const auto kept = net::DatagramAccess::keep(server);
    CHECK(received(server) == "b");
    CHECK(received(server) == "c");
    test::send(client, "next");
    CHECK(received(server) == "next");
    CHECK(as_text(kept_datagram.bytes) == "a");
  });
}

TEST_CASE("a socket with little memory for each datagram receives them one by one") {
  test::on_each_engine([] {
    DatagramOptions options;
    options.datagram_bytes_max = 65'534;
    DatagramSocket server = bound("udp://127.0.0.1:0", options);
    DatagramSocket client = connected(server.endpoint().to_uri());
    const Texts texts = numbered(20, 10);
    send_together(client, texts);
    CHECK(received_in_batches(server, texts.size()) == texts);
    CHECK_FALSE(is_coalescing(server));
  });
}

TEST_CASE("each datagram has its own time of arrival, so a socket that notes them coalesces none") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    // As a server does that drops what came too early.
    CHECK(test::kind_of(server.receive_batch(Deadline::at(now()))) == "timed_out");
    REQUIRE(server.note_times(TimestampUse::received_and_sent));
    DatagramSocket client = connected(server.endpoint().to_uri());
    send_together(client, {"a", "b"});
    CHECK(received_in_batches(server, 2) == Texts{"a", "b"});
    CHECK_FALSE(is_coalescing(server));
    REQUIRE(server.note_times(TimestampUse::none));
    send_together(client, {"c", "d"});
    CHECK(received_in_batches(server, 2) == Texts{"c", "d"});
    CHECK(is_coalescing(server));
  });
}

TEST_CASE("a socket that begins to note times late cuts what comes together, with one time") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    receive_first(server, client, {"a", "b", "c"});
    send_together(client, {"d", "e"});
    REQUIRE(server.note_times(TimestampUse::received));
    CHECK(received_in_batches(server, 4) == Texts{"b", "c", "d", "e"});
    send_together(client, {"f", "g"});
    CHECK(received(server) == "f");
    const auto last = server.receive(soon());
    REQUIRE(last);
    CHECK(as_text(last->bytes) == "g");
    CHECK(last->received_at);
  });
}

TEST_CASE("sockets over one descriptor receive datagrams one by one") {
  test::on_each_engine([] {
    DatagramSocket one = bound("udp://127.0.0.1:0");
    auto other = one.share();
    REQUIRE(other);
    DatagramSocket client = connected(one.endpoint().to_uri());
    send_together(client, {"a", "b"});
    CHECK(received(one) == "a");
    CHECK(received(*other) == "b");
    CHECK_FALSE(is_coalescing(one));
  });
}

TEST_CASE("what comes together for a socket that is shared late is cut by the other one as well") {
  test::on_each_engine([] {
    DatagramSocket one = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(one.endpoint().to_uri());
    test::send(client, "first");
    CHECK(received(one) == "first");
    send_together(client, {"a", "b"});
    auto other = one.share();
    REQUIRE(other);
    CHECK(received_one_by_one(*other, 2) == Texts{"a", "b"});
  });
}

TEST_CASE("an inherited socket is left as another program may need it") {
  test::on_each_engine([] {
    DatagramSocket given = bound("udp://127.0.0.1:0");
    DatagramSocket server = bound("fd:" + std::to_string(given.descriptor()));
    DatagramSocket client = connected(given.endpoint().to_uri());
    send_together(client, {"a", "b"});
    CHECK(received_in_batches(server, 2) == Texts{"a", "b"});
    CHECK_FALSE(is_coalescing(given));
  });
}

TEST_CASE("a train that the kernel refuses is sent as single datagrams, and none is lost") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    // The kernel cuts no train without computing checksums.
    const int on = 1;
    REQUIRE(::setsockopt(client.descriptor(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
    const Texts texts = numbered(130, 30);
    for (int i = 0; i < 2; ++i) {
      send_together(client, texts);
      CHECK(received_in_batches(server, texts.size()) == texts);
    }
  });
}

TEST_CASE("a socket says whether there are datagrams for which its descriptor stays silent") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    CHECK_FALSE(server.has_unread());
    receive_first(server, client, {"a", "b"});
    CHECK(server.has_unread() == is_queue_empty(server));
    CHECK(received(server) == "b");
    CHECK_FALSE(server.has_unread());
  });
}

TEST_CASE("a close drops the rest of what came together, and what was received stays") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    warm(server, client);
    send_together(client, {"a", "b"});
    const auto datagram = server.receive(soon());
    REQUIRE(datagram);
    server.close();
    CHECK_FALSE(server.has_unread());
    CHECK_FALSE(server.receive(soon()));
    CHECK(as_text(datagram->bytes) == "a");
  });
}

TEST_CASE("a cut ends receives of what came together") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    receive_first(server, client, {"a", "b"});
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("receiver", [&] {
      group.cancel();
      kind = test::kind_of(server.receive(soon()));
    }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
    CHECK(received(server) == "b");
  });
}

TEST_CASE("a receive after a kept one takes no more than the last one allowed") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(server.endpoint().to_uri());
    warm(server, client);
    const Texts texts = numbered(64, 8);
    for (int i = 0; i < 8; ++i) send_together(client, texts);
    received_in_batches(server, 8 * texts.size());
    if (!is_coalescing(server)) return;
    const auto kept = net::DatagramAccess::keep(server);
    for (int i = 0; i < 8; ++i) send_together(client, texts);
    REQUIRE(server.receive_batch(soon()));
    CHECK_FALSE(is_queue_empty(server));
  });
}

TEST_CASE("the error of an earlier datagram does not take a train apart") {
  test::on_each_engine([] {
    DatagramSocket gone = bound("udp://127.0.0.1:0");
    const std::string uri = gone.endpoint().to_uri();
    DatagramSocket client = connected(uri);
    gone.close();
    test::send(client, "too early");
    DatagramSocket server = bound(uri);
    const int on = 1;
    if (::setsockopt(server.descriptor(), SOL_UDP, UDP_GRO, &on, sizeof on) < 0) return;
    send_together(client, numbered(10, 30));
    char bytes[400];
    CHECK(::recv(server.descriptor(), bytes, sizeof bytes, 0) == 300);
  });
}

}  // namespace hotline::datagram_coalescing_test
