#include "net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "net/address.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::socket_test {
namespace {

using engine::Channel;
using engine::LookupPurpose;

Endpoint endpoint_of(std::string_view uri) {
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  return *endpoint;
}

int option(const Channel& channel, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(::getsockopt(channel.fd(), level, name, &value, &size) == 0);
  return value;
}

}  // namespace

TEST_CASE("a socket is opened for the family of its address") {
  const Endpoint shown = endpoint_of("tcp://127.0.0.1:1");
  for (const auto& [address, family] :
       {std::pair(test::ipv4_address(1), AF_INET), std::pair(unix_address("/a", false), AF_UNIX)}) {
    const auto channel = open_socket(address, SocketKind::stream, "try", shown);
    REQUIRE(channel);
    CHECK(option(**channel, SOL_SOCKET, SO_DOMAIN) == family);
    CHECK(option(**channel, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
  }
  const auto refused = open_socket(SocketAddress(), SocketKind::stream, "try", shown);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().starts_with("cannot try tcp://127.0.0.1:1: "));
}

TEST_CASE("an endpoint means the addresses of its name, or its path") {
  const auto path = resolve(endpoint_of("unix:@name"), LookupPurpose::connect);
  REQUIRE(path);
  REQUIRE(path->size() == 1);
  CHECK(path->front() == unix_address("name", true));
  const auto every = resolve(endpoint_of("tcp://:80"), LookupPurpose::bind);
  REQUIRE(every);
  REQUIRE(every->size() >= 1);
  CHECK(is_wildcard(every->front()));
  if (every->size() > 1) CHECK(family_of(every->front()) == AF_INET6);
}

TEST_CASE("a socket that is connected to itself is distinguished from one that has a peer") {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    CAPTURE(type);
    Channel own(UniqueFd(::socket(AF_INET, type, 0)));
    const SocketAddress any = test::ipv4_address(0);
    REQUIRE(::bind(own.fd(), static_cast<const sockaddr*>(any.data()),
                   static_cast<socklen_t>(any.size())) == 0);
    CHECK_FALSE(is_connected_to_itself(own));
    // As the kernel does when it gives the socket the very port that it is to call.
    const SocketAddress address = test::bound_address(own.fd());
    REQUIRE(::connect(own.fd(), static_cast<const sockaddr*>(address.data()),
                      static_cast<socklen_t>(address.size())) == 0);
    CHECK(is_connected_to_itself(own));
  }
  const auto [listening, port] = test::tcp_listener();
  CHECK_FALSE(is_connected_to_itself(Channel(test::connect_tcp(port))));
  auto [ours, peer] = test::stream_pair();
  CHECK_FALSE(is_connected_to_itself(Channel(std::move(ours))));
}

TEST_CASE("a fresh TCP stream sends without delay and is kept alive, a UNIX one needs neither") {
  const Endpoint shown = endpoint_of("tcp://127.0.0.1:1");
  const auto channel = open_socket(test::ipv4_address(1), SocketKind::stream, "try", shown);
  REQUIRE(channel);
  prepare_stream(**channel, Transport::tcp, {});
  CHECK(option(**channel, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(option(**channel, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option(**channel, IPPROTO_TCP, TCP_KEEPIDLE) == 60);
  auto [ours, peer] = test::stream_pair();
  const Channel local(std::move(ours));
  prepare_stream(local, Transport::unix_, {});
  CHECK(option(local, SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("a flag that cannot be set returns a negated errno") {
  auto [ours, peer] = test::stream_pair();
  const Channel channel(std::move(ours));
  CHECK(set_flag(channel, SOL_SOCKET, SO_KEEPALIVE) == 0);
  CHECK(set_flag(channel, IPPROTO_TCP, TCP_NODELAY) < 0);
}

TEST_CASE("an inherited socket is duplicated, and the original stays open") {
  const auto [listener, port] = test::tcp_listener();
  const Endpoint endpoint = Endpoint::of_descriptor(listener.get());
  const auto inherited = inherit_socket(endpoint, SocketKind::stream, true);
  REQUIRE(inherited);
  CHECK((*inherited)->fd() != listener.get());
  (*inherited)->close();
  CHECK(::fcntl(listener.get(), F_GETFD) >= 0);
}

TEST_CASE("an inherited socket that cannot be called is refused, with what it must be") {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    CAPTURE(family);
    for (const SocketKind kind : {SocketKind::datagram, SocketKind::stream}) {
      const UniqueFd socket(::socket(family, native(kind) | SOCK_CLOEXEC, 0));
      const auto inherited = inherit_socket(Endpoint::of_descriptor(socket.get()), kind, false);
      REQUIRE_FALSE(inherited);
      CHECK(inherited.error().kind == ErrorKind::invalid_argument);
      CHECK(inherited.error().detail == "it is not bound to an address at which it can be called");
      CHECK(inherited.error().hint().contains(kind == SocketKind::datagram ? "that is bound"
                                                                           : "that listens"));
    }
  }
}

TEST_CASE("an IPv4 address written as IPv6 is that IPv4 address") {
  for (const auto purpose : {engine::LookupPurpose::bind, engine::LookupPurpose::connect}) {
    for (const char* uri : {"tcp://[::ffff:127.0.0.1]:8000", "udp://[::ffff:7f00:1]:8000"}) {
      CAPTURE(uri);
      const auto addresses = resolve(*Endpoint::parse(uri), purpose);
      REQUIRE(addresses);
      CHECK(*addresses == std::vector{test::ipv4_address(8000)});
    }
  }
}

TEST_CASE("a socket of another kind is not inherited") {
  const auto [ours, peer] = test::stream_pair();
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto detail = [](int fd, SocketKind kind, bool is_listening) {
    const auto inherited = inherit_socket(Endpoint::of_descriptor(fd), kind, is_listening);
    REQUIRE_FALSE(inherited);
    CHECK(inherited.error().kind == ErrorKind::invalid_argument);
    CHECK(inherited.error().endpoint == "fd:" + std::to_string(fd));
    return inherited.error().detail;
  };
  CHECK(detail(peer.get(), SocketKind::datagram, false) == "it is not a datagram socket");
  CHECK(detail(peer.get(), SocketKind::stream, true) == "it does not listen");
  CHECK(detail(file.get(), SocketKind::stream, false) == "there is no socket with that number");
}

TEST_CASE("the transport of an inherited socket follows from its family and type") {
  CHECK(transport_of(test::ipv4_address(1), SocketKind::stream) == Transport::tcp);
  CHECK(transport_of(test::ipv4_address(1), SocketKind::datagram) == Transport::udp);
  CHECK(transport_of(unix_address("/a", false), SocketKind::stream) == Transport::unix_);
  CHECK(transport_of(unix_address("/a", false), SocketKind::datagram) == Transport::unixgram);
}

TEST_CASE("the advice on a missing permission is about a path where there is one, else a port") {
  const auto advice = [](const std::string& uri, int code) {
    Error error = system_error(code, "connect to", uri);
    advise_on_permission(error, *Endpoint::parse(uri));
    return error.advice;
  };
  for (const std::string uri : {"unix:///s", "unixgram:///s"}) {
    CHECK(advice(uri, EACCES).starts_with("this user needs the right to write to the path"));
  }
  CHECK(advice("tcp://127.0.0.1:80", EACCES).starts_with("ports below 1024"));
  CHECK(advice("unix:///s", ECONNREFUSED).empty());
}

TEST_CASE("the advice on a number without a socket names the number, and both kinds of sockets") {
  const auto inherited = inherit_socket(*Endpoint::parse("fd:9999"), SocketKind::datagram, false);
  REQUIRE_FALSE(inherited);
  CHECK(inherited.error().hint() ==
        "start the program with a socket open as descriptor 9999: a listening one for streams, a "
        "bound one for datagrams");
}

}  // namespace hotline::net::socket_test
