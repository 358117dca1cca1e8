#pragma once

#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/simulated.h"

// Datagram sockets of the simulated kernel that talk to each other.

namespace hotline::test {

using DatagramPointer = std::shared_ptr<engine::DatagramNode>;

/// One message with room for a name and control data.
struct DatagramMessage {
  explicit DatagramMessage(std::size_t room) : bytes(room, '\0') {
    piece = {bytes.data(), bytes.size()};
    header.msg_hdr.msg_iov = &piece;
    header.msg_hdr.msg_iovlen = 1;
  }
  void ask_for_all() {
    header.msg_hdr.msg_name = name.data();
    header.msg_hdr.msg_namelen = SocketAddress::kSizeMax;
    header.msg_hdr.msg_control = control.data();
    header.msg_hdr.msg_controllen = control.size();
  }
  std::string text() const { return bytes.substr(0, header.msg_len); }
  engine::Site from() const {
    return engine::Site::of(SocketAddress(header.msg_hdr.msg_name, header.msg_hdr.msg_namelen));
  }

  std::string bytes;
  iovec piece{};
  mmsghdr header{};
  SocketAddress name;
  alignas(cmsghdr) std::array<std::byte, 64> control{};
};

inline int send(const DatagramPointer& node, std::string_view text,
                const std::optional<engine::Site>& to = {}) {
  DatagramMessage message(text.size());
  message.bytes = text;
  SocketAddress address;
  if (to) {
    address = to->address(node->family);
    message.header.msg_hdr.msg_name = address.data();
    message.header.msg_hdr.msg_namelen = static_cast<socklen_t>(address.size());
  }
  const int sent = node->send({&message.header, 1});
  return sent < 0 ? sent : static_cast<int>(message.header.msg_len);
}

/// Returns what is received, or the negated errno as text.
inline std::string receive(const DatagramPointer& node, std::size_t room = 2048) {
  DatagramMessage message(room);
  const int count = node->receive({&message.header, 1});
  return count < 0 ? std::to_string(count) : message.text();
}

inline const std::string kRefused = std::to_string(-ECONNREFUSED);

/// A UDP server on host b at port 80 and a client on host a that is connected to it; or, for UNIX,
/// both on host a.
struct DatagramCall : Wire {
  explicit DatagramCall(int family = AF_INET, FaultPlan faults = {},
                        engine::NetworkOptions options = {}, std::uint64_t seed = 1)
      : Wire(faults, options, seed),
        target(family == AF_UNIX ? named("/tmp/x") : site_of(b, 80)),
        server(datagrams(family == AF_UNIX ? a : b, family)),
        client(datagrams(a, family)) {
    REQUIRE(network.bind(*server, family == AF_UNIX ? target : any_ipv4(80)) == 0);
    if (family == AF_UNIX) REQUIRE(network.bind(*client, {}) == 0);
    REQUIRE(client->connect(target) == 0);
  }

  engine::Site target;
  DatagramPointer server;
  DatagramPointer client;
};

}  // namespace hotline::test
