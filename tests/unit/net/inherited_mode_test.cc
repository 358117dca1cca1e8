#include "net/inherited_mode.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "support/sockets.h"

namespace hotline::net::inherited_mode_test {
namespace {

bool blocks(const UniqueFd& fd) { return (::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) == 0; }

void set_blocking(const UniqueFd& fd) {
  REQUIRE(::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK) == 0);
}

}  // namespace

TEST_CASE("a blocking socket blocks again when the last user of its mode has gone") {
  const auto [ours, peer] = test::stream_pair();
  REQUIRE(blocks(peer));
  auto one = InheritedMode::make_non_blocking(peer.get());
  REQUIRE(one);
  CHECK_FALSE(blocks(peer));
  auto other = one;
  one.reset();
  CHECK_FALSE(blocks(peer));
  other.reset();
  CHECK(blocks(peer));
}

TEST_CASE("a non-blocking socket stays non-blocking") {
  const auto [ours, peer] = test::stream_pair();
  CHECK_FALSE(InheritedMode::make_non_blocking(ours.get()));
  CHECK_FALSE(blocks(ours));
}

TEST_CASE("an inherited listener has its old mode when all that share it are closed") {
  const auto [listening, port] = test::tcp_listener();
  set_blocking(listening);
  auto one = listen("fd:" + std::to_string(listening.get()));
  REQUIRE(one);
  auto other = one->share();
  REQUIRE(other);
  CHECK_FALSE(blocks(listening));
  one->close();
  CHECK_FALSE(blocks(listening));
  other->close();
  CHECK(blocks(listening));
}

TEST_CASE("an inherited datagram socket has its old mode when it is closed") {
  const UniqueFd peer(::socket(AF_INET, SOCK_DGRAM, 0));
  const SocketAddress any = test::ipv4_address(0);
  REQUIRE(::bind(peer.get(), static_cast<const sockaddr*>(any.data()),
                 static_cast<socklen_t>(any.size())) == 0);
  const auto endpoint = Endpoint::parse("fd:" + std::to_string(peer.get()));
  {
    const auto socket = bind_datagrams(*endpoint);
    REQUIRE(socket);
    CHECK_FALSE(blocks(peer));
    const auto shared = socket->share();
    REQUIRE(shared);
  }
  CHECK(blocks(peer));
}

}  // namespace hotline::net::inherited_mode_test
