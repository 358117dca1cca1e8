#include <cstdint>
#include <cstdlib>
#include <string>

#include "hotline/net/endpoint.h"
#include "net/address.h"

// Any bytes that the kernel could return as a peer's address are shown in one line, and nothing
// after them is read.

namespace {

using hotline::Endpoint;
using hotline::SocketAddress;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_shown(const SocketAddress& address, hotline::Transport transport) {
  const Endpoint endpoint = Endpoint::of_address(transport, address);
  for (const char c : endpoint.to_uri()) require(c >= 0x20 && c != 0x7f);
  require(endpoint.path().size() <= address.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The system's own memory, so that reads beyond it are detected.
  const SocketAddress address(data, size);
  require(address.size() <= SocketAddress::kSizeMax);
  const hotline::net::AddressText text = hotline::net::describe(address);
  require(text.path.size() <= size);
  for (const auto transport : {hotline::Transport::tcp, hotline::Transport::udp,
                               hotline::Transport::unix_, hotline::Transport::unixgram}) {
    check_shown(address, transport);
  }
  require(!hotline::net::is_relative_path(address) || !text.path.empty());
  require(hotline::net::port_of(address) == text.port);
  const SocketAddress moved = hotline::net::with_port(address, 7);
  require(moved.size() == address.size());
  static_cast<void>(hotline::net::is_wildcard(address));
  static_cast<void>(hotline::net::is_loopback(address));
  static_cast<void>(hotline::net::is_same_host(address, moved));
  return 0;
}
