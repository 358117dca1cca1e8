#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/datagrams.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::datagram_times_test {

using test::bound;
using test::connected;
using test::kind_of;
using test::received;
using test::send;
using test::soon;
using WallTime = std::chrono::system_clock::time_point;

namespace {

/// The endpoints of a server over each transport; the port or the name is free.
std::vector<std::string> servers() {
  return {"udp://127.0.0.1:0", "udp://[::1]:0", "udp://0.0.0.0:0", "udp://:0",
          "unixgram:@hotline-times-" + std::to_string(::getpid())};
}

std::string uri_of(const DatagramSocket& socket) { return socket.endpoint().to_string(); }

DatagramSocket noting(const std::string& uri, TimestampUse use, DatagramOptions options = {}) {
  DatagramSocket socket = bound(uri, options);
  REQUIRE(socket.note_times(use));
  return socket;
}

/// Waits until the wall clock shows more than `time`.
void pass(WallTime time) {
  while (wall_clock_now() <= time) continue;
}

/// Sends one datagram from `client`, and receives it later with `server`. Returns true if it
/// carries the time at which it arrived.
bool is_stamped_on_arrival(DatagramSocket& client, DatagramSocket& server) {
  const WallTime before = wall_clock_now();
  send(client, "x");
  const WallTime after = wall_clock_now();
  pass(after);
  const auto datagram = server.receive(soon());
  REQUIRE(datagram);
  if (!datagram->received_at) return false;
  CHECK(*datagram->received_at >= before);
  return *datagram->received_at <= after;
}

/// The kernel begins to note the times of arrival a little after it was asked to.
bool is_stamped_soon(DatagramSocket& client, DatagramSocket& server) {
  const Deadline deadline = soon();
  while (!deadline.has_passed(now())) {
    if (is_stamped_on_arrival(client, server)) return true;
    yield();
  }
  return false;
}

OutgoingDatagram timed(std::string_view text, const DatagramRoute* route = nullptr) {
  return {as_bytes(text), route, SentTime::wanted};
}

struct Sent {
  std::string packet;
  WallTime at;
};

/// Takes `count` sent datagrams, which a device may report late.
std::vector<Sent> take(DatagramSocket& socket, std::size_t count) {
  std::vector<Sent> taken;
  const Deadline deadline = soon();
  while (taken.size() < count && !deadline.has_passed(now())) {
    const auto sent = socket.take_sent();
    REQUIRE(sent);
    for (const SentDatagram& each : *sent) {
      taken.push_back({std::string(as_text(each.bytes)), each.sent_at});
    }
    yield();
  }
  return taken;
}

}  // namespace

TEST_CASE("a datagram carries the time at which it arrived, not at which it was received") {
  test::on_each_engine([] {
    for (const std::string& uri : servers()) {
      CAPTURE(uri);
      for (const TimestampUse use : {TimestampUse::received, TimestampUse::received_and_sent}) {
        if (use == TimestampUse::received_and_sent && !uri.starts_with("udp")) continue;
        DatagramSocket server = noting(uri, use);
        DatagramSocket client = connected(uri_of(server));
        CHECK(is_stamped_soon(client, server));
        CHECK(is_stamped_on_arrival(client, server));
      }
    }
  });
}

TEST_CASE("without a request, or after it was withdrawn, a datagram carries no time") {
  test::on_each_engine([] {
    for (const std::string& uri : servers()) {
      CAPTURE(uri);
      DatagramSocket server = bound(uri);
      DatagramSocket client = connected(uri_of(server));
      send(client, "x");
      CHECK_FALSE(server.receive(soon()).value().received_at);
      REQUIRE(server.note_times(TimestampUse::received));
      REQUIRE(server.note_times(TimestampUse::none));
      send(client, "x");
      CHECK_FALSE(server.receive(soon()).value().received_at);
    }
  });
}

TEST_CASE("a client's replies carry the times of their arrival too") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(uri_of(server));
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    REQUIRE(client.send(timed("asks")));
    const DatagramRoute route = *server.receive(soon()).value().route;
    send(server, "answers", &route);
    const auto reply = client.receive(soon());
    REQUIRE(reply);
    const auto sent = take(client, 1);
    REQUIRE(sent.size() == 1);
    REQUIRE(reply->received_at);
    CHECK(sent[0].at <= *reply->received_at);
  });
}

TEST_CASE("with times, a reply leaves from the address that was called") {
  test::on_each_engine([] {
    for (const char* uri : {"udp://0.0.0.0:0", "udp://:0"}) {
      CAPTURE(uri);
      DatagramSocket server = noting(uri, TimestampUse::received_and_sent);
      const std::string port = std::to_string(server.endpoint().port());
      DatagramSocket client = connected("udp://127.0.0.7:" + port);
      send(client, "asks");
      const auto asked = server.receive(soon());
      REQUIRE(asked);
      const DatagramRoute route = *asked->route;
      REQUIRE(server.send(timed("answers", &route)));
      CHECK(received(client) == "answers");
      CHECK(take(server, 1).size() == 1);
    }
  });
}

TEST_CASE("each datagram that wants its sent time is reported once, with its bytes at the end") {
  test::on_each_engine([] {
    for (const char* uri : {"udp://127.0.0.1:0", "udp://[::1]:0"}) {
      CAPTURE(uri);
      DatagramSocket server = bound(uri);
      DatagramSocket client = connected(uri_of(server));
      REQUIRE(client.note_times(TimestampUse::received_and_sent));
      const WallTime before = wall_clock_now();
      const std::string large(1400, 'x');
      const OutgoingDatagram batch[] = {
          timed("one"), {as_bytes("silent")}, timed(large), timed("")};
      REQUIRE(client.send_batch(batch).value_or(0) == 4);
      REQUIRE(client.send(timed("last")));
      const auto sent = take(client, 4);
      const WallTime after = wall_clock_now();
      REQUIRE(sent.size() == 4);
      for (const Sent& each : sent) {
        CHECK(each.at >= before);
        CHECK(each.at <= after);
      }
      CHECK(sent[0].packet.ends_with("one"));
      CHECK(sent[1].packet.ends_with(large));
      CHECK_FALSE(sent[2].packet.ends_with("x"));
      CHECK(sent[3].packet.ends_with("last"));
      CHECK(client.take_sent().value().empty());
    }
  });
}

TEST_CASE("what was sent stays valid while a receive reads the queue, until the next take") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(uri_of(server));
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    REQUIRE(client.send(timed("first")));
    const auto first = client.take_sent();
    REQUIRE(first);
    REQUIRE(first->size() == 1);
    REQUIRE(client.send(timed("second")));
    CHECK(kind_of(client.receive(deadline_after(std::chrono::milliseconds(5)))) == "timed_out");
    CHECK(as_text(first->front().bytes).ends_with("first"));
    const auto second = take(client, 1);
    REQUIRE(second.size() == 1);
    CHECK(second[0].packet.ends_with("second"));
  });
}

TEST_CASE("of more sent times than fit, the last are kept") {
  test::on_each_engine([] {
    constexpr int kSent = 21;
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(uri_of(server), {.batch_max = 4});
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    for (int i = 0; i < kSent; ++i) REQUIRE(client.send(timed("number " + std::to_string(i))));
    CHECK(kind_of(client.receive(deadline_after(std::chrono::milliseconds(5)))) == "timed_out");
    const auto sent = client.take_sent();
    REQUIRE(sent);
    REQUIRE(sent->size() == 4);
    for (int i = 0; i < 4; ++i) {
      const std::string text = "number " + std::to_string(kSent - 4 + i);
      CHECK(as_text((*sent)[static_cast<std::size_t>(i)].bytes).ends_with(text));
    }
  });
}

TEST_CASE("sent times that were never taken leave room for the datagrams that arrive") {
  test::on_each_engine([] {
    DatagramOptions options{.batch_max = 8};
    options.socket.receive_buffer_bytes = 64 * 1024;
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(uri_of(server), options);
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    for (int i = 0; i < 500; ++i) REQUIRE(client.send(timed(std::string(1000, 'x'))));
    const DatagramRoute route = *server.receive(soon()).value().route;
    send(server, "answers", &route);
    CHECK(received(client) == "answers");
  });
}

TEST_CASE("sent times that were not taken end no wait for a datagram") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(uri_of(server));
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    REQUIRE(client.send(timed("asks")));
    const Instant begun = now();
    CHECK(kind_of(client.receive(deadline_after(std::chrono::milliseconds(20)))) == "timed_out");
    CHECK(now() - begun >= std::chrono::milliseconds(20));
    const auto sent = take(client, 1);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].packet.ends_with("asks"));
  });
}

TEST_CASE("a refusal reaches the receiver although sent times are in the same queue") {
  test::on_each_engine([] {
    for (const char* uri : {"udp://127.0.0.1:0", "udp://[::1]:0"}) {
      CAPTURE(uri);
      std::string closed;
      { closed = uri_of(bound(uri)); }
      DatagramSocket client = connected(closed);
      REQUIRE(client.note_times(TimestampUse::received_and_sent));
      REQUIRE(client.send(timed("asks")));
      CHECK(received(client) == "<refused>");
      CHECK(take(client, 1).size() == 1);
    }
  });
}

TEST_CASE("a refusal that take_sent() finds in the queue is reported by the next receive, once") {
  test::on_each_engine([] {
    std::string closed;
    { closed = uri_of(bound("udp://127.0.0.1:0")); }
    DatagramSocket client = connected(closed);
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    const int on = 1;
    REQUIRE(::setsockopt(client.descriptor(), IPPROTO_IP, IP_RECVERR, &on, sizeof on) == 0);
    REQUIRE(client.send(timed("asks")));
    CHECK(take(client, 1).size() == 1);
    CHECK(received(client) == "<refused>");
    CHECK(kind_of(client.receive(deadline_after(std::chrono::milliseconds(5)))) == "timed_out");
  });
}

TEST_CASE("an error queue without sent times burns no time either") {
  test::on_each_engine([] {
    std::string closed;
    { closed = uri_of(bound("udp://127.0.0.1:0")); }
    DatagramSocket client = connected(closed);
    const int on = 1;
    REQUIRE(::setsockopt(client.descriptor(), IPPROTO_IP, IP_RECVERR, &on, sizeof on) == 0);
    REQUIRE(client.send({as_bytes("asks")}));
    CHECK(received(client) == "<refused>");
    CHECK(kind_of(client.receive(deadline_after(std::chrono::milliseconds(5)))) == "timed_out");
    char byte = 0;
    CHECK(::recv(client.descriptor(), &byte, 1, MSG_ERRQUEUE | MSG_DONTWAIT) == -1);
  });
}

TEST_CASE("a socket over the same descriptor, or at the same port, notes the same times") {
  test::on_each_engine([] {
    for (const bool is_before : {true, false}) {
      CAPTURE(is_before);
      DatagramSocket first = bound("udp://127.0.0.1:0");
      if (is_before) REQUIRE(first.note_times(TimestampUse::received_and_sent));
      DatagramSocket second = std::move(first.share_port().value());
      if (!is_before) REQUIRE(second.note_times(TimestampUse::received_and_sent));
      DatagramSocket third = std::move(second.share().value());
      DatagramSocket other = noting("udp://127.0.0.1:0", TimestampUse::received_and_sent);
      DatagramSocket warming = connected(uri_of(other));
      REQUIRE(is_stamped_soon(warming, other));
      for (int i = 0; i < 20; ++i) {
        DatagramSocket client = connected(uri_of(first));
        send(client, "asks");
      }
      for (DatagramSocket* each : {&second, &third}) {
        while (const auto datagram = each->receive(deadline_after(std::chrono::milliseconds(1)))) {
          CHECK(datagram->received_at);
        }
        DatagramSocket client = connected(uri_of(first));
        DatagramRoute route;
        route.peer = test::bound_address(client.descriptor());
        REQUIRE(each->send(timed("news", &route)));
        const auto sent = take(*each, 1);
        REQUIRE(sent.size() == 1);
        CHECK(sent[0].packet.ends_with("news"));
      }
    }
  });
}

TEST_CASE("sent times are refused where the kernel has none, or where they are not noted") {
  test::on_each_engine([] {
    DatagramSocket unix_socket = bound("unixgram:@hotline-sent-" + std::to_string(::getpid()));
    CHECK(kind_of(unix_socket.note_times(TimestampUse::received_and_sent)) == "unsupported");
    DatagramSocket socket = bound("udp://127.0.0.1:0");
    CHECK(kind_of(socket.take_sent()) == "invalid_argument");
    REQUIRE(socket.note_times(TimestampUse::received));
    const auto refused = socket.take_sent();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().advice.find("note_times") != std::string::npos);
    REQUIRE(socket.note_times(TimestampUse::received_and_sent));
    CHECK(socket.take_sent().value().empty());
    socket.close();
    CHECK_FALSE(socket.take_sent());
    CHECK_FALSE(socket.note_times(TimestampUse::received));
  });
}

TEST_CASE("a wish for a sent time has no effect on a socket that notes none") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    DatagramSocket client = connected(uri_of(server));
    REQUIRE(client.send(timed("asks")));
    CHECK(received(server) == "asks");
    char byte = 0;
    CHECK(::recv(client.descriptor(), &byte, 1, MSG_ERRQUEUE | MSG_DONTWAIT) == -1);
  });
}

TEST_CASE("datagrams for which the queue had no room are counted") {
  test::on_each_engine([] {
    constexpr std::uint32_t kSent = 400;
    DatagramOptions options;
    options.socket.receive_buffer_bytes = 16 * 1024;
    DatagramSocket server = bound("udp://127.0.0.1:0", options);
    DatagramSocket client = connected(uri_of(server));
    CHECK(server.lost_datagrams().value_or(1) == 0);
    for (std::uint32_t i = 0; i < kSent; ++i) send(client, "x");
    std::uint32_t count = 0;
    while (server.receive(deadline_after(std::chrono::milliseconds(1)))) ++count;
    CHECK(count < kSent);
    CHECK(server.lost_datagrams().value_or(0) == kSent - count);
    server.close();
    CHECK_FALSE(server.lost_datagrams());
  });
}

TEST_CASE("to change the times while a fiber receives is a mistake that stops the program") {
  const auto report = test::in_child_process([] {
    test::on_loop(EngineKind::epoll, [](engine::EventLoop&) {
      DatagramSocket socket = bound("udp://127.0.0.1:0");
      TaskGroup group;
      static_cast<void>(group.spawn("receiver", [&] { static_cast<void>(socket.receive()); }));
      yield();
      static_cast<void>(socket.note_times(TimestampUse::received));
    });
  });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.find("note_times()") != std::string::npos);
}

}  // namespace hotline::datagram_times_test
