#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

// The options of an endpoint, seen in the sockets that are opened with it.

namespace hotline::socket_tuning_test {
namespace {

int option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  REQUIRE(::getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

/// Both ends of a connection.
struct Call {
  Stream caller;
  Stream accepted;
};

Call call(Listener& listener, const std::string& client_query = "") {
  auto caller = connect(listener.endpoint().to_uri() + client_query);
  REQUIRE(caller);
  auto accepted = listener.accept();
  REQUIRE(accepted);
  return {std::move(*caller), std::move(*accepted)};
}

Listener listening(const std::string& uri) {
  auto listener = listen(uri);
  REQUIRE(listener);
  return std::move(*listener);
}

// The kernel keeps twice what it was asked for.
constexpr int kSmall = 16 * 1024;
const std::string kSmallBuffers = "?send-buffer=16KiB&receive-buffer=16KiB";

}  // namespace

TEST_CASE("TCP sends small writes at once, unless nodelay is off on that side") {
  Listener at_once = listening("tcp://127.0.0.1:0");
  const Call first = call(at_once, "?nodelay=off");
  CHECK(option(first.accepted.descriptor(), IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option(first.caller.descriptor(), IPPROTO_TCP, TCP_NODELAY) == 0);
  Listener later = listening("tcp://127.0.0.1:0?nodelay=off");
  const Call second = call(later, "?nodelay=on");
  CHECK(option(second.accepted.descriptor(), IPPROTO_TCP, TCP_NODELAY) == 0);
  CHECK(option(second.caller.descriptor(), IPPROTO_TCP, TCP_NODELAY) != 0);
}

TEST_CASE("the buffers of a TCP connection have the sizes that the endpoint gives") {
  Listener listener = listening("tcp://127.0.0.1:0" + kSmallBuffers);
  const Call both = call(listener, kSmallBuffers);
  for (const Stream* stream : {&both.caller, &both.accepted}) {
    CHECK(option(stream->descriptor(), SOL_SOCKET, SO_SNDBUF) == 2 * kSmall);
    CHECK(option(stream->descriptor(), SOL_SOCKET, SO_RCVBUF) == 2 * kSmall);
  }
}

TEST_CASE("a UNIX connection has the send buffer that the endpoint gives, on both sides") {
  const test::TemporaryDirectory directory;
  for (const std::string& name :
       {"unix:@tuning" + std::to_string(::getpid()), "unix://" + directory.file("socket")}) {
    CAPTURE(name);
    Listener listener = listening(name + "?send-buffer=16KiB");
    const Call both = call(listener, "?send-buffer=32KiB");
    CHECK(option(both.accepted.descriptor(), SOL_SOCKET, SO_SNDBUF) == 2 * kSmall);
    CHECK(option(both.caller.descriptor(), SOL_SOCKET, SO_SNDBUF) == 4 * kSmall);
  }
}

TEST_CASE("the buffers of datagram sockets have the sizes that the endpoint gives") {
  const auto server = bind_datagrams("udp://127.0.0.1:0" + kSmallBuffers);
  REQUIRE(server);
  const auto client = connect_datagrams(server->endpoint().to_uri() + kSmallBuffers);
  REQUIRE(client);
  for (const DatagramSocket* socket : {&*server, &*client}) {
    CHECK(option(socket->descriptor(), SOL_SOCKET, SO_SNDBUF) == 2 * kSmall);
    CHECK(option(socket->descriptor(), SOL_SOCKET, SO_RCVBUF) == 2 * kSmall);
  }
}

TEST_CASE("v6only decides whether an IPv6 socket takes IPv4 callers") {
  for (const auto& [uri, is_only] : {std::pair<const char*, bool>{"tcp://[::]:0?v6only=on", true},
                                     {"tcp://[::]:0?v6only=off", false},
                                     {"tcp://[::1]:0", true}}) {
    CAPTURE(uri);
    auto listener = listen(uri);
    if (!listener) {
      MESSAGE("skipped: this machine has no IPv6");
      return;
    }
    auto accepted = connect("tcp://127.0.0.1:" + std::to_string(listener->endpoint().port()));
    CHECK(accepted.has_value() == !is_only);
  }
}

TEST_CASE("v6only is refused at an IPv4 address, whichever way that is written") {
  for (const char* uri : {"tcp://127.0.0.1:0?v6only=on", "tcp://[::ffff:127.0.0.1]:0?v6only=off",
                          "udp://127.0.0.1:0?v6only=on"}) {
    CAPTURE(uri);
    const bool is_udp = std::string_view(uri).starts_with("udp");
    const std::string kind =
        is_udp ? test::kind_of(bind_datagrams(uri)) : test::kind_of(listen(uri));
    CHECK(kind == "invalid_argument");
  }
}

TEST_CASE("a TCP client calls from the source address that the endpoint gives") {
  Listener listener = listening("tcp://127.0.0.1:0");
  const Call both = call(listener, "?source=127.0.0.9");
  CHECK(both.accepted.peer().host() == "127.0.0.9");
  CHECK(both.caller.local().host() == "127.0.0.9");
  CHECK(both.caller.local().port() != 0);
}

TEST_CASE("a UDP client calls from the source address that the endpoint gives") {
  auto server = bind_datagrams("udp://127.0.0.1:0");
  REQUIRE(server);
  auto client = connect_datagrams(server->endpoint().to_uri() + "?source=127.0.0.9");
  REQUIRE(client);
  REQUIRE(client->send({as_bytes("hello")}));
  const auto received = server->receive();
  REQUIRE(received);
  CHECK(server->peer_of(*received->route).host() == "127.0.0.9");
}

TEST_CASE("a source address that cannot be used is named, with what could be") {
  Listener listener = listening("tcp://127.0.0.1:0");
  const auto foreign = connect(listener.endpoint().to_uri() + "?source=192.0.2.1");
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().kind == ErrorKind::invalid_argument);
  CHECK(foreign.error().message().contains("its source address 192.0.2.1 cannot be used"));
  CHECK(foreign.error().hint().contains("an address of this machine"));
  const auto datagrams = connect_datagrams("udp://127.0.0.1:9?source=192.0.2.1");
  REQUIRE_FALSE(datagrams);
  CHECK(datagrams.error().kind == ErrorKind::invalid_argument);
  CHECK(datagrams.error().message().contains("its source address 192.0.2.1 cannot be used"));
}

TEST_CASE("a source address of the other family is a mistake in use") {
  const auto stream = connect("tcp://127.0.0.1:9?source=::1");
  REQUIRE_FALSE(stream);
  CHECK(stream.error().kind == ErrorKind::invalid_argument);
  CHECK(stream.error().hint() == "give an IPv4 source for an IPv4 endpoint, an IPv6 one for IPv6");
  CHECK(test::kind_of(connect("tcp://[::1]:9?source=127.0.0.1")) == "invalid_argument");
  CHECK(test::kind_of(connect_datagrams("udp://127.0.0.1:9?source=::1")) == "invalid_argument");
  CHECK(test::kind_of(connect_datagrams("udp://[::1]:9?source=127.0.0.1")) == "invalid_argument");
}

TEST_CASE("what is only for listening is refused to a client, and the reverse, with the reason") {
  const auto check = [](const auto& refused, std::string_view key, std::string_view verb) {
    CAPTURE(key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid_argument);
    CHECK(refused.error().detail ==
          "the option '" + std::string(key) + "' is for " + std::string(verb));
    CHECK(refused.error().hint().starts_with("leave it out: only the endpoint of a "));
  };
  for (const std::string key : {"backlog", "mode", "v6only", "allow"}) {
    const std::string option = "?" + key + "=1";
    check(connect("tcp://[::1]:9" + option), key, "listening");
    check(connect("unix:///nowhere" + option), key, "listening");
    check(connect_datagrams("udp://[::1]:9" + option), key, "listening");
  }
  check(listen("tcp://127.0.0.1:0?source=127.0.0.1"), "source", "calling");
  check(bind_datagrams("udp://127.0.0.1:0?source=127.0.0.1"), "source", "calling");
  check(connect("tcp://127.0.0.1:9", {.socket = {.backlog = 3}}), "backlog", "listening");
  check(listen("tcp://127.0.0.1:0", {.socket = {.source = "127.0.0.1"}}), "source", "calling");
}

TEST_CASE("a source that a program gives must be numeric, too") {
  ConnectOptions options;
  options.socket.source = "localhost.invalid";
  const auto refused = connect("tcp://127.0.0.1:9", options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid_argument);
}

TEST_CASE("one member of an option structure can be given alone") {
  // That this compiles without a warning is the test.
  CHECK(StreamOptions{.receive_max = 3}.receive_max == 3);
  CHECK(ConnectOptions{.stream = {.receive_max = 3}}.stream.receive_max == 3);
  CHECK(ConnectOptions{.socket = {.nodelay = false}}.socket.nodelay == false);
  CHECK(ListenOptions{.stream = {.receive_max = 3}}.socket == SocketOptions());
  CHECK(DatagramOptions{.batch_max = 1}.socket == SocketOptions());
}

TEST_CASE("options that a socket does not have are refused before it is opened") {
  for (const char* uri : {"unix:@x?nodelay=on", "unix:@x?receive-buffer=16KiB",
                          "unix:@x?source=127.0.0.1", "tcp://127.0.0.1:9?v6only=on"}) {
    CAPTURE(uri);
    CHECK(test::kind_of(connect(uri)) == "invalid_argument");
  }
  for (const char* uri :
       {"unix:@x?nodelay=on", "tcp://127.0.0.1:0?source=127.0.0.1", "tcp://127.0.0.1:0?mode=600"}) {
    CAPTURE(uri);
    CHECK(test::kind_of(listen(uri)) == "invalid_argument");
  }
  CHECK(test::kind_of(bind_datagrams("udp://127.0.0.1:0?nodelay=on")) == "invalid_argument");
  CHECK(test::kind_of(connect_datagrams("udp://127.0.0.1:9?nodelay=on")) == "invalid_argument");
}

TEST_CASE("an inherited socket takes the options that its own kind has") {
  const auto [tcp, port] = test::tcp_listener();
  auto inherited = listen("fd:" + std::to_string(tcp.get()) + "?nodelay=off&send-buffer=16KiB");
  REQUIRE(inherited);
  const Call both = call(*inherited);
  CHECK(option(both.accepted.descriptor(), IPPROTO_TCP, TCP_NODELAY) == 0);
  CHECK(option(both.accepted.descriptor(), SOL_SOCKET, SO_SNDBUF) == 2 * kSmall);
  const UniqueFd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sa_family_t any_name = AF_UNIX;
  REQUIRE(::bind(local.get(), reinterpret_cast<const sockaddr*>(&any_name), sizeof any_name) == 0);
  REQUIRE(::listen(local.get(), 1) == 0);
  CHECK(test::kind_of(listen("fd:" + std::to_string(local.get()) + "?nodelay=off")) ==
        "invalid_argument");
}

}  // namespace hotline::socket_tuning_test
