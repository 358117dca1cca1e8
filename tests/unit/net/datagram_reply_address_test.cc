#include <sys/socket.h>
#include <sys/time.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
#include "support/datagrams.h"
#include "support/loops.h"
#include "support/sockets.h"

// Which address a reply comes from, at a socket that is bound to every address.

namespace hotline::datagram_reply_address_test {

using test::bound;
using test::connected;
using test::echo_one;
using test::received;
using test::send;

TEST_CASE("a socket bound to every address answers from the address that was called") {
  test::on_each_engine([] {
    for (const std::string wildcard : {"udp://0.0.0.0:0", "udp://:0", "udp://[::]:0"}) {
      DatagramSocket server = bound(wildcard);
      const std::string port = ":" + std::to_string(server.endpoint().port());
      std::vector<std::string> asked;
      if (wildcard != "udp://[::]:0") asked = {"udp://127.0.0.1" + port, "udp://127.0.0.2" + port};
      if (wildcard != "udp://0.0.0.0:0") asked.push_back("udp://[::1]" + port);
      for (const std::string& uri : asked) {
        CAPTURE(uri);
        // A connected client takes answers only from the address that it called.
        DatagramSocket client = connected(uri);
        send(client, "who?");
        echo_one(server);
        CHECK(received(client) == "who?");
      }
    }
  });
}

TEST_CASE("a broadcast message is answered, also by a socket of both families") {
  test::on_each_engine([] {
    for (const std::string wildcard : {"udp://0.0.0.0:0", "udp://:0"}) {
      CAPTURE(wildcard);
      DatagramSocket server = bound(wildcard);
      const UniqueFd client(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      const int on = 1;
      const timeval patience{.tv_sec = 10, .tv_usec = 0};
      ::setsockopt(client.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
      ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      const SocketAddress everyone =
          test::ipv4_address(server.endpoint().port(), "127.255.255.255");
      REQUIRE(::sendto(client.get(), "who?", 4, 0, static_cast<const sockaddr*>(everyone.data()),
                       static_cast<socklen_t>(everyone.size())) == 4);
      echo_one(server);
      std::string answer(9, ' ');
      CHECK(::recv(client.get(), answer.data(), answer.size(), 0) == 4);
      CHECK(answer.starts_with("who?"));
    }
  });
}

}  // namespace hotline::datagram_reply_address_test
