#include "support/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>

#include "support/interrupts.h"

namespace hotline::test {
namespace {

constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};

UniqueFd patient(int fd) {
  REQUIRE(fd >= 0);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  return UniqueFd(fd);
}

void connect_to(int fd, const void* address, std::size_t size) {
  const int failed = connect_through_interrupts(fd, static_cast<const sockaddr*>(address),
                                                static_cast<socklen_t>(size));
  // A server that resets the call at once may do so before this end has noticed the connection.
  const bool is_connected = failed == 0 || errno == ECONNRESET;
  REQUIRE(is_connected);
}

std::pair<UniqueFd, UniqueFd> pair_of(int type) {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) == 0);
  REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
  return {UniqueFd(ends[0]), patient(ends[1])};
}

}  // namespace

std::pair<UniqueFd, UniqueFd> stream_pair() { return pair_of(SOCK_STREAM); }

std::pair<UniqueFd, UniqueFd> datagram_pair() { return pair_of(SOCK_DGRAM); }

SocketAddress ipv4_address(std::uint16_t port, const char* host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  REQUIRE(::inet_pton(AF_INET, host, &address.sin_addr) == 1);
  return {&address, sizeof address};
}

SocketAddress ipv6_address(std::uint16_t port, const char* host) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  REQUIRE(::inet_pton(AF_INET6, host, &address.sin6_addr) == 1);
  return {&address, sizeof address};
}

SocketAddress bound_address(int fd) {
  SocketAddress address;
  socklen_t size = SocketAddress::kSizeMax;
  REQUIRE(::getsockname(fd, static_cast<sockaddr*>(address.data()), &size) == 0);
  address.set_size(size);
  return address;
}

std::pair<UniqueFd, std::uint16_t> tcp_listener(int backlog) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const SocketAddress any_port = ipv4_address(0);
  const auto* address = static_cast<const sockaddr*>(any_port.data());
  REQUIRE(::bind(fd.get(), address, static_cast<socklen_t>(any_port.size())) == 0);
  REQUIRE(::listen(fd.get(), backlog) == 0);
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0);
  return {std::move(fd), ntohs(bound.sin_port)};
}

UniqueFd connect_tcp(std::uint16_t port, const char* host) {
  const bool is_ipv6 = std::string_view(host).find(':') != std::string_view::npos;
  UniqueFd fd = patient(::socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = is_ipv6 ? ipv6_address(port, host) : ipv4_address(port, host);
  connect_to(fd.get(), address.data(), address.size());
  return fd;
}

UniqueFd connect_unix(const std::string& path) {
  UniqueFd fd = patient(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  connect_to(fd.get(), &address, sizeof address);
  return fd;
}

void send_text(int fd, std::string_view text) {
  do {
    const ssize_t sent =
        through_interrupts([&] { return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); });
    REQUIRE(sent >= 0);
    text.remove_prefix(static_cast<std::size_t>(sent));
  } while (!text.empty());
}

std::string receive_text(int fd, std::size_t size) {
  std::string text(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t count =
        through_interrupts([&] { return ::recv(fd, text.data() + filled, size - filled, 0); });
    const bool is_late = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    REQUIRE_FALSE(is_late);
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

std::string receive_until_end(int fd) {
  std::string text;
  std::array<char, 64 * 1024> piece;
  for (;;) {
    const ssize_t count =
        through_interrupts([&] { return ::recv(fd, piece.data(), piece.size(), 0); });
    const bool is_late = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    REQUIRE_FALSE(is_late);
    if (count <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

bool is_reset(int fd) {
  std::array<char, 4096> piece;
  ssize_t received = 0;
  do {
    received = ::recv(fd, piece.data(), piece.size(), 0);
  } while (received > 0 || (received < 0 && errno == EINTR));
  // The second is that of a reset that the connect has reported.
  return received < 0 && (errno == ECONNRESET || errno == ENOTCONN);
}

void wait_readable(int fd) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  REQUIRE(through_interrupts([&] { return ::poll(&polled, 1, 10'000); }) == 1);
}

void wait_sent(int fd) {
  for (int unsent = 1; unsent > 0; std::this_thread::yield()) {
    REQUIRE(::ioctl(fd, SIOCOUTQ, &unsent) == 0);
  }
}

std::size_t fill(int fd) {
  const std::string piece(64 * 1024, 'f');
  std::size_t filled = 0;
  for (;;) {
    const ssize_t sent = ::send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) return filled;
    filled += static_cast<std::size_t>(sent);
  }
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;
}

}  // namespace hotline::test
