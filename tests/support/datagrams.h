#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "support/loops.h"

// Datagram sockets whose failures fail the test.

namespace hotline::test {

inline Deadline soon() { return deadline_after(std::chrono::seconds(10)); }

inline DatagramSocket bound(const std::string& uri, const DatagramOptions& options = {}) {
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  auto socket = bind_datagrams(*endpoint, options);
  INFO(uri, ": ", socket ? "" : socket.error().message());
  REQUIRE(socket);
  return std::move(*socket);
}

inline DatagramSocket connected(const std::string& uri, const DatagramOptions& options = {}) {
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  auto socket = connect_datagrams(*endpoint, options);
  REQUIRE(socket);
  return std::move(*socket);
}

inline void send(DatagramSocket& socket, std::string_view text,
                 const DatagramRoute* route = nullptr) {
  REQUIRE(socket.send({as_bytes(text), route}));
}

/// Answers the next datagram with the same bytes, along its route.
inline void echo_one(DatagramSocket& server) {
  const auto datagram = server.receive(soon());
  REQUIRE(datagram);
  REQUIRE(server.send({datagram->bytes, datagram->route}));
}

inline std::string received(DatagramSocket& socket) {
  const auto datagram = socket.receive(soon());
  return datagram ? std::string(as_text(datagram->bytes)) : "<" + kind_of(datagram) + ">";
}

}  // namespace hotline::test
