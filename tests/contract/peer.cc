#include "contract/peer.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "support/interrupts.h"

namespace contract {
namespace {

constexpr timeval kPatience{.tv_sec = 20, .tv_usec = 0};

/// The error as text, taken before anything else can change it.
std::string last_error() { return std::strerror(errno); }

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address address_of(const hotline::Endpoint& endpoint) {
  Address address;
  if (!endpoint.path().empty()) {
    auto& typed = reinterpret_cast<sockaddr_un&>(address.storage);
    typed.sun_family = AF_UNIX;
    std::memcpy(typed.sun_path, endpoint.path().c_str(), endpoint.path().size() + 1);
    address.size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + endpoint.path().size() + 1);
  } else if (endpoint.host().find(':') != std::string::npos) {
    auto& typed = reinterpret_cast<sockaddr_in6&>(address.storage);
    typed.sin6_family = AF_INET6;
    typed.sin6_port = htons(endpoint.port());
    ::inet_pton(AF_INET6, endpoint.host().c_str(), &typed.sin6_addr);
    address.size = sizeof typed;
  } else {
    auto& typed = reinterpret_cast<sockaddr_in&>(address.storage);
    typed.sin_family = AF_INET;
    typed.sin_port = htons(endpoint.port());
    ::inet_pton(AF_INET, endpoint.host().c_str(), &typed.sin_addr);
    address.size = sizeof typed;
  }
  return address;
}

int connect_to(const hotline::Endpoint& endpoint) {
  const Address address = address_of(endpoint);
  const bool is_datagram = hotline::is_datagram(endpoint.transport());
  const int fd = ::socket(address.storage.ss_family,
                          (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (is_datagram && address.storage.ss_family == AF_UNIX) {
    const sa_family_t family = AF_UNIX;
    ::bind(fd, reinterpret_cast<const sockaddr*>(&family), sizeof family);
  }
  if (hotline::test::connect_through_interrupts(
          fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size, 20'000) == 0)
    return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

Peer::Peer(const hotline::Endpoint& endpoint) : fd_(connect_to(endpoint)) {
  const std::string error = last_error();
  REQUIRE_MESSAGE(fd_, endpoint.format() << ": " << error);
}

bool Peer::can_connect(const hotline::Endpoint& endpoint) {
  return static_cast<bool>(hotline::UniqueFd(connect_to(endpoint)));
}

void Peer::send(std::string_view bytes) {
  do {
    const ssize_t sent = hotline::test::through_interrupts(
        [&] { return ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    const std::string error = last_error();
    REQUIRE_MESSAGE(sent >= 0, error);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  } while (!bytes.empty());
}

std::size_t Peer::send_what_goes(std::string_view bytes) {
  const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::string Peer::receive(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t count = hotline::test::through_interrupts(
        [&] { return ::recv(fd(), bytes.data() + filled, size - filled, 0); });
    was_reset_ = count < 0 && errno == ECONNRESET;
    const std::string error = last_error();
    REQUIRE_MESSAGE((count >= 0 || was_reset_), error);
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

std::string Peer::receive_some() {
  std::string bytes(70'000, '\0');
  const ssize_t count = hotline::test::through_interrupts(
      [&] { return ::recv(fd(), bytes.data(), bytes.size(), 0); });
  const std::string error = last_error();
  REQUIRE_MESSAGE(count >= 0, error);
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

std::string Peer::receive_to_end() {
  std::string all;
  for (;;) {
    const std::string piece = receive(4096);
    all += piece;
    if (piece.size() < 4096) return all;
  }
}

std::string Peer::exchange(std::string_view bytes) {
  send(bytes);
  return receive(bytes.size());
}

void Peer::end_writes() { REQUIRE(::shutdown(fd(), SHUT_WR) == 0); }

void Peer::reset() {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close();
}

void Peer::shrink_receive_buffer() {
  const int smallest = 1;
  ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
}

std::string upper_cased(std::string_view text) {
  std::string changed(text);
  for (char& c : changed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return changed;
}

std::string varied_bytes(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  unsigned state = seed;
  for (char& c : bytes) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace contract
