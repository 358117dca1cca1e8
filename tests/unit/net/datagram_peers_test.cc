#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/address.h"
#include "support/datagrams.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

// The addresses that untrusted peers may have, and what they may pass.

namespace hotline::datagram_peers_test {

using test::bound;
using test::received;
using test::send;
using test::soon;

namespace {

std::string server_name() { return "unixgram:@hotline-peers-" + std::to_string(::getpid()); }

/// Returns a plain UNIX datagram socket, bound to the bytes of `path` unchanged, that sends to
/// `server`.
UniqueFd peer_at(const std::string& path, DatagramSocket& server) {
  UniqueFd peer(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() <= sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const bool is_full = path.size() == sizeof address.sun_path;
  const auto size = offsetof(sockaddr_un, sun_path) + path.size() + (is_full ? 0 : 1);
  REQUIRE(::bind(peer.get(), reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(size)) == 0);
  const SocketAddress to = test::bound_address(server.descriptor());
  REQUIRE(::connect(peer.get(), static_cast<const sockaddr*>(to.data()),
                    static_cast<socklen_t>(to.size())) == 0);
  return peer;
}

/// Sends one byte with `count` descriptors.
void pass_descriptors(int socket, std::size_t count) {
  const std::vector<int> numbers(count, socket);
  std::vector<char> control(CMSG_SPACE(count * sizeof(int)));
  iovec piece{const_cast<char*>("x"), 1};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
  REQUIRE(::sendmsg(socket, &message, 0) == 1);
}

}  // namespace

TEST_CASE("a peer whose path fills a UNIX address is shown completely, and answered") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    DatagramSocket server = bound(server_name());
    for (const std::size_t size : {106U, 107U, 108U}) {
      CAPTURE(size);
      std::string path = directory.path() + "/";
      path.resize(size, 'L');
      const UniqueFd peer = peer_at(path, server);
      test::send_text(peer.get(), "hello");
      const auto datagram = server.receive(soon());
      REQUIRE(datagram);
      CHECK(server.peer_of(*datagram->route).path() == path);
      CHECK(server.send({datagram->bytes, datagram->route}));
      CHECK(test::receive_text(peer.get(), 5) == "hello");
      ::unlink(path.c_str());
    }
  });
}

TEST_CASE("nothing is sent to a relative path, where another socket could be") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    std::array<char, 4096> before{};
    REQUIRE(::getcwd(before.data(), before.size()) != nullptr);
    REQUIRE(::chdir(directory.path().c_str()) == 0);
    DatagramSocket server = bound(server_name());
    const UniqueFd peer = peer_at("relative.sock", server);
    test::send_text(peer.get(), "hello");
    const auto datagram = server.receive(soon());
    REQUIRE(datagram);
    const auto sent = server.send({datagram->bytes, datagram->route});
    CHECK(test::kind_of(sent) == "permission_denied");
    CHECK(sent.error().message().contains("relative path"));
    const DatagramRoute relative = *datagram->route;
    const UniqueFd other = peer_at(directory.path() + "/absolute.sock", server);
    test::send_text(other.get(), "hello");
    const auto asked = server.receive(soon());
    REQUIRE(asked);
    const DatagramRoute absolute = *asked->route;
    const OutgoingDatagram batch[] = {{as_bytes("1"), &relative},
                                      {as_bytes("2"), &absolute},
                                      {as_bytes("3"), &relative},
                                      {as_bytes("4"), &absolute}};
    CHECK(server.send_batch(batch).value_or(0) == 2);
    CHECK(test::receive_text(other.get(), 1) == "2");
    CHECK(test::receive_text(other.get(), 1) == "4");
    char byte = 0;
    CHECK(::recv(peer.get(), &byte, 1, MSG_DONTWAIT) == -1);
    REQUIRE(::chdir(before.data()) == 0);
  });
}

TEST_CASE("descriptors that peers pass do not stay open, on a server and on a client") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    DatagramSocket server = bound(server_name());
    const UniqueFd peer = peer_at(directory.path() + "/peer.sock", server);
    const UniqueFd target(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const SocketAddress name = net::unix_address(directory.path() + "/target.sock", false);
    REQUIRE(::bind(target.get(), static_cast<const sockaddr*>(name.data()),
                   static_cast<socklen_t>(name.size())) == 0);
    auto client =
        connect_datagrams(*Endpoint::parse("unixgram://" + directory.path() + "/target.sock"));
    REQUIRE(client);
    const SocketAddress to = test::bound_address(client->descriptor());
    REQUIRE(::connect(target.get(), static_cast<const sockaddr*>(to.data()),
                      static_cast<socklen_t>(to.size())) == 0);
    const std::size_t before = test::open_descriptors();
    for (const std::size_t count : {1U, 6U, 200U}) {
      pass_descriptors(peer.get(), count);
      CHECK(received(server) == "x");
      pass_descriptors(target.get(), count);
      CHECK(received(*client) == "x");
    }
    CHECK(test::open_descriptors() == before);
  });
}

TEST_CASE("a route has the port of the peer, and none for a UNIX peer") {
  test::on_each_engine([] {
    DatagramSocket server = bound("udp://127.0.0.1:0");
    auto client = bound("udp://127.0.0.1:0");
    DatagramRoute to_server;
    to_server.peer = test::ipv4_address(server.endpoint().port());
    send(client, "hello", &to_server);
    const auto received = server.receive(soon());
    REQUIRE(received);
    CHECK(received->route->port() == client.endpoint().port());
    CHECK(DatagramRoute{}.port() == 0);
  });
}

TEST_CASE("a socket recognises a datagram that it sent to itself, and no other") {
  test::on_each_engine([] {
    for (const char* uri : {"udp://127.0.0.1:0", "udp://0.0.0.0:0", "udp://:0"}) {
      CAPTURE(uri);
      DatagramSocket server = bound(uri);
      DatagramRoute to_itself;
      to_itself.peer = test::ipv4_address(server.endpoint().port());
      const bool is_ipv6 = server.endpoint().host().contains(':');
      if (is_ipv6)
        to_itself.peer =
            net::with_port(test::bound_address(server.descriptor()), server.endpoint().port());
      send(server, "echo", &to_itself);
      const auto own = server.receive(soon());
      REQUIRE(own);
      CHECK(server.is_own(*own->route));
      auto client = test::connected("udp://127.0.0.1:" + std::to_string(server.endpoint().port()));
      send(client, "hello");
      const auto other = server.receive(soon());
      REQUIRE(other);
      CHECK_FALSE(server.is_own(*other->route));
      CHECK_FALSE(client.is_own(*other->route));
      CHECK(server.has_ipv4(0x7F000001));
      CHECK_FALSE(server.has_ipv4(0xC0000201));
      CHECK_FALSE(client.has_ipv4(0x7F000001));
      auto shared = server.share();
      REQUIRE(shared);
      CHECK(shared->is_own(to_itself));
    }
  });
}

}  // namespace hotline::datagram_peers_test
