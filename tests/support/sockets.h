#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/core/socket_address.h"
#include "hotline/core/unique_fd.h"

// Plain blocking sockets that use only system calls: the other side of what is tested. Every wait
// gives up after ten seconds and fails the test.

namespace hotline::test {

/// Returns two connected stream sockets. The first is non-blocking, for an engine; the second
/// blocks.
std::pair<UniqueFd, UniqueFd> stream_pair();

/// The same for UNIX datagrams.
std::pair<UniqueFd, UniqueFd> datagram_pair();

/// Returns a TCP listener on 127.0.0.1 and its port. Non-blocking.
std::pair<UniqueFd, std::uint16_t> tcp_listener(int backlog = 16);

/// Returns 127.0.0.1 (or another numeric IPv4 address) with `port`.
SocketAddress ipv4_address(std::uint16_t port, const char* host = "127.0.0.1");

/// Returns a numeric IPv6 address with `port`.
SocketAddress ipv6_address(std::uint16_t port, const char* host);

/// Returns the address that a socket is bound to.
SocketAddress bound_address(int fd);

/// Returns a blocking TCP connection to `host`, which the server may have reset already.
UniqueFd connect_tcp(std::uint16_t port, const char* host = "127.0.0.1");

/// Returns a blocking connection to a UNIX path.
UniqueFd connect_unix(const std::string& path);

/// Sends all of `text`.
void send_text(int fd, std::string_view text);

/// Receives exactly `size` bytes; fewer if the peer ends before.
std::string receive_text(int fd, std::size_t size);

/// Receives until the peer's end or reset.
std::string receive_until_end(int fd);

/// Receives until the peer's end or reset. Returns true if it was a reset.
bool is_reset(int fd);

/// Waits until there is something to read, or the end.
void wait_readable(int fd);

/// Waits until what was sent on a TCP socket has reached the peer's machine.
void wait_sent(int fd);

/// Fills the socket until it would block. Returns how many bytes that took.
std::size_t fill(int fd);

/// Returns how many descriptors this process has.
std::size_t open_descriptors();

}  // namespace hotline::test
