#include "net/unix_sender.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/end_code.h"
#include "net/address.h"
#include "net/send_batch.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::unix_sender_test {
namespace {

/// A UNIX datagram socket with an abstract name.
class Named {
 public:
  explicit Named(const std::string& name)
      : address_(unix_address("hotline-sender-" + std::to_string(::getpid()) + name, true)),
        socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    REQUIRE(::bind(fd(), static_cast<const sockaddr*>(address_.data()),
                   static_cast<socklen_t>(address_.size())) == 0);
  }
  int fd() const { return socket_.get(); }
  UniqueFd take() { return std::move(socket_); }
  const SocketAddress& address() const { return address_; }
  void connect_to(const SocketAddress& address) {
    REQUIRE(::connect(fd(), static_cast<const sockaddr*>(address.data()),
                      static_cast<socklen_t>(address.size())) == 0);
  }
  /// Returns the size of the next datagram, or -1.
  ssize_t read() {
    std::string bytes(100'000, '\0');
    return ::recv(fd(), bytes.data(), bytes.size(), 0);
  }

 private:
  SocketAddress address_;
  UniqueFd socket_;
};

/// A sender from a socket with a name.
struct Sending {
  Named named{"-server"};
  SocketAddress address = named.address();
  engine::Channel channel{named.take()};
  UnixSender sender{channel};

  int send(const Named& to, std::size_t size) {
    const std::string bytes(size, 'x');
    DatagramRoute route;
    route.peer = to.address();
    const OutgoingDatagram datagram{as_bytes(bytes), &route};
    SendBatch batch(1);
    return sender.send(batch.prepare({&datagram, 1}));
  }
  /// Sends `count` at once. Returns how many were sent.
  int send_many(const Named& to, std::size_t size, std::size_t count) {
    const std::string bytes(size, 'x');
    DatagramRoute route;
    route.peer = to.address();
    const std::vector<OutgoingDatagram> datagrams(count, {as_bytes(bytes), &route});
    SendBatch batch(count);
    return sender.send(batch.prepare(datagrams));
  }
  /// Sends until it is refused, which the system may do late.
  void fill(const Named& peer, std::size_t size) {
    for (int i = 0; i < 5'000 && send(peer, size) == 1; ++i) {
    }
  }
};

constexpr std::size_t kSizes[] = {1, 1'000, 30'000, 60'000};

}  // namespace

TEST_CASE("a peer that reads gets everything, from the socket's own name") {
  test::on_each_engine([] {
    Sending sending;
    Named reader("-reader");
    reader.connect_to(sending.address);
    for (int i = 0; i < 1'000; ++i) {
      REQUIRE(sending.send(reader, 10'000) == 1);
      REQUIRE(reader.read() == 10'000);
    }
  });
}

TEST_CASE("a peer that does not read loses datagrams, and all others are reached") {
  test::on_each_engine([] {
    for (const std::size_t size : kSizes) {
      CAPTURE(size);
      Sending sending;
      Named deaf("-deaf");
      Named reader("-reader");
      Named caller("-caller");
      caller.connect_to(sending.address);
      sending.fill(deaf, size);
      for (int i = 0; i < 100; ++i) {
        REQUIRE(sending.send(reader, 30'000) == 1);
        REQUIRE(reader.read() == 30'000);
        REQUIRE(sending.send(caller, 30'000) == 1);
        REQUIRE(caller.read() == 30'000);
        sending.send(deaf, size);
      }
    }
  });
}

TEST_CASE("a peer that has connected and does not read leaves room for the others") {
  test::on_each_engine([] {
    for (const std::size_t size : kSizes) {
      CAPTURE(size);
      Sending sending;
      Named deaf("-deaf");
      deaf.connect_to(sending.address);
      Named reader("-reader");
      Named caller("-caller");
      caller.connect_to(sending.address);
      sending.fill(deaf, size);
      for (int i = 0; i < 100; ++i) {
        REQUIRE(sending.send(reader, 10'000) == 1);
        REQUIRE(reader.read() == 10'000);
        REQUIRE(sending.send(caller, 10'000) == 1);
        REQUIRE(caller.read() == 10'000);
        sending.send(deaf, size);
      }
    }
  });
}

TEST_CASE("a batch to a peer that does not read does not fill the buffer before a check") {
  test::on_each_engine([] {
    Sending sending;
    Named deaf("-deaf");
    deaf.connect_to(sending.address);
    Named caller("-caller");
    caller.connect_to(sending.address);
    for (int i = 0; i < 300; ++i) sending.send_many(deaf, 60'000, 64);
    for (int i = 0; i < 100; ++i) {
      REQUIRE(sending.send(caller, 1'000) == 1);
      REQUIRE(caller.read() == 1'000);
    }
  });
}

TEST_CASE("a peer that reads is reached however much is sent to another") {
  test::on_each_engine([] {
    Sending sending;
    const int buffer_bytes = 300'000;
    REQUIRE(::setsockopt(sending.channel.fd(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes,
                         sizeof buffer_bytes) == 0);
    Named deaf("-deaf");
    deaf.connect_to(sending.address);
    Named caller("-caller");
    caller.connect_to(sending.address);
    for (int i = 0; i < 1'000; ++i) {
      if (i % 3 == 0) sending.send(deaf, 1'000);
      REQUIRE(sending.send(caller, 1'000) == 1);
      REQUIRE(caller.read() == 1'000);
    }
  });
}

TEST_CASE("once everything has been read, all datagrams come from the socket's own name again") {
  test::on_each_engine([] {
    Sending sending;
    Named deaf("-deaf");
    Named caller("-caller");
    caller.connect_to(sending.address);
    sending.fill(deaf, 30'000);
    while (deaf.read() > 0) {
    }
    deaf.connect_to(sending.address);
    REQUIRE(sending.send(caller, 1) == 1);
    REQUIRE(caller.read() == 1);
    // A peer that has connected its socket takes nothing from any other.
    REQUIRE(sending.send(deaf, 1) == 1);
    CHECK(deaf.read() == 1);
  });
}

TEST_CASE("a missing peer, or one that is connected elsewhere, fails only that datagram") {
  test::on_each_engine([] {
    Sending sending;
    Named other("-other");
    Named elsewhere("-elsewhere");
    elsewhere.connect_to(other.address());
    CHECK(sending.send(elsewhere, 1) == -EPERM);
    SocketAddress gone;
    { gone = Named("-gone").address(); }
    DatagramRoute route;
    route.peer = gone;
    const OutgoingDatagram datagram{as_bytes("x"), &route};
    SendBatch batch(1);
    CHECK(sending.sender.send(batch.prepare({&datagram, 1})) == -ECONNREFUSED);
  });
}

}  // namespace hotline::net::unix_sender_test
