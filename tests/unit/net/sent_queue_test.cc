#include "net/sent_queue.h"

#include <netinet/in.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "engine/operations/datagrams.h"
#include "net/kernel_times.h"
#include "net/send_batch.h"
#include "net/socket.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::sent_queue_test {
namespace {

/// A UDP socket that notes sent times, and the route to another one.
struct Sender {
  Sender() : channel(open()), receiver(open()) {
    engine::Engine& engine = engine::Engine::current();
    for (engine::Channel* each : {&channel, &receiver}) {
      REQUIRE(engine.bind(each->fd(), test::ipv4_address(0)) == 0);
    }
    route.peer = test::bound_address(receiver.fd());
    REQUIRE(set_times(channel, TimestampUse::received_and_sent) == 0);
    batch.note_times(TimestampUse::received_and_sent);
  }

  static UniqueFd open() {
    return UniqueFd(engine::Engine::current().open_socket(AF_INET, SOCK_DGRAM));
  }

  void send(std::string_view text) {
    const OutgoingDatagram datagram{as_bytes(text), &route, SentTime::wanted};
    engine::SendDatagrams operation(channel, batch.prepare({&datagram, 1}));
    REQUIRE(engine::Engine::current().perform(operation, Deadline::never()) == 1);
  }

  engine::Channel channel;
  engine::Channel receiver;
  DatagramRoute route;
  SendBatch batch{1};
};

/// Returns the last byte of each.
std::string ends(std::span<const SentDatagram> sent) {
  std::string text;
  for (const SentDatagram& each : sent) text += as_text(each.bytes).back();
  return text;
}

}  // namespace

TEST_CASE("sent datagrams are taken in the order of sending, each once") {
  Sender sender;
  SentQueue queue;
  queue.keep(4, 100);
  for (const char* text : {"a", "b", "c"}) sender.send(text);
  CHECK(queue.fill(sender.channel) == 0);
  CHECK(ends(queue.take()) == "abc");
  CHECK(queue.fill(sender.channel) == 0);
  CHECK(queue.take().empty());
}

TEST_CASE("a take leaves in the kernel what does not fit") {
  Sender sender;
  SentQueue queue;
  queue.keep(2, 100);
  for (const char* text : {"a", "b", "c", "d", "e"}) sender.send(text);
  std::string taken;
  for (int i = 0; i < 3; ++i) {
    CHECK(queue.fill(sender.channel) == 0);
    taken += ends(queue.take());
  }
  CHECK(taken == "abcde");
}

TEST_CASE("while nothing is taken, the oldest are dropped, wherever the ring begins") {
  for (const std::size_t before : {0U, 1U, 2U, 3U}) {
    CAPTURE(before);
    Sender sender;
    SentQueue queue;
    queue.keep(3, 100);
    for (std::size_t i = 0; i < before; ++i) {
      sender.send("-");
      queue.read_errors(sender.channel);
    }
    for (const char* text : {"a", "b", "c", "d"}) sender.send(text);
    queue.read_errors(sender.channel);
    CHECK(ends(queue.take()) == "bcd");
  }
}

TEST_CASE("a copy without its end is dropped") {
  Sender sender;
  SentQueue queue;
  queue.keep(3, 100);
  sender.send("a");
  sender.send(std::string(1000, 'b'));
  sender.send("c");
  CHECK(queue.fill(sender.channel) == 0);
  CHECK(ends(queue.take()) == "ac");
}

TEST_CASE("the queue is read on its own after as many datagrams as it keeps") {
  Sender sender;
  SentQueue queue;
  queue.keep(2, 100);
  for (const char* text : {"a", "b", "c"}) {
    sender.send(text);
    queue.note_sent(sender.channel, 1);
  }
  CHECK(ends(queue.take()) == "bc");
}

TEST_CASE("a queue that keeps nothing is emptied") {
  Sender sender;
  SentQueue queue;
  CHECK_FALSE(queue.is_keeping());
  for (int i = 0; i < 20; ++i) sender.send("x");
  queue.read_errors(sender.channel);
  queue.keep(4, 100);
  CHECK(queue.is_keeping());
  CHECK(queue.fill(sender.channel) == 0);
  CHECK(queue.take().empty());
}

TEST_CASE("the error of a peer's machine is noted once, whether or not times are kept") {
  for (const std::size_t kept : {0U, 4U}) {
    CAPTURE(kept);
    Sender sender;
    REQUIRE(set_flag(sender.channel, IPPROTO_IP, IP_RECVERR) == 0);
    sender.receiver.close();
    sender.send("x");
    SentQueue queue;
    queue.keep(kept, 100);
    if (kept == 0) queue.note_sent(sender.channel, 1);
    CHECK(queue.fill(sender.channel) == 0);
    CHECK(queue.take().size() == (kept == 0 ? 0 : 1));
    CHECK(queue.take_error() == -ECONNREFUSED);
    CHECK(queue.take_error() == 0);
  }
}

TEST_CASE("an operation that empties the queue has reported the error itself") {
  Sender sender;
  REQUIRE(set_flag(sender.channel, IPPROTO_IP, IP_RECVERR) == 0);
  sender.receiver.close();
  sender.send("x");
  SentQueue queue;
  queue.read_errors(sender.channel);
  CHECK(queue.take_error() == 0);
}

TEST_CASE("a closed socket has no queue") {
  engine::Channel closed{UniqueFd()};
  SentQueue queue;
  queue.keep(4, 100);
  CHECK(queue.fill(closed) == -EBADF);
  queue.read_errors(closed);
  CHECK(queue.take().empty());
}

}  // namespace hotline::net::sent_queue_test
