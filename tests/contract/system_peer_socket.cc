#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "contract/peer_socket.h"
#include "hotline/core/unique_fd.h"
#include "support/interrupts.h"

namespace contract {
namespace {

constexpr timeval kSystemPatience{.tv_sec = 20, .tv_usec = 0};

class SystemPeerSocket final : public PeerSocket {
 public:
  explicit SystemPeerSocket(hotline::UniqueFd fd) : fd_(std::move(fd)) {}

  int send(std::string_view bytes, Patience patience) override {
    const int flags = MSG_NOSIGNAL | (patience == Patience::none ? MSG_DONTWAIT : 0);
    return result_of([&] { return ::send(fd_.get(), bytes.data(), bytes.size(), flags); });
  }
  int receive(std::span<char> into, Patience patience) override {
    const int flags = patience == Patience::none ? MSG_DONTWAIT : 0;
    return result_of([&] { return ::recv(fd_.get(), into.data(), into.size(), flags); });
  }
  bool is_readable() override {
    char byte = 0;
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  int end_writes() override { return ::shutdown(fd_.get(), SHUT_WR) == 0 ? 0 : -errno; }
  void close_with_reset() override {
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }

 private:
  template <typename Call>
  static int result_of(Call call) {
    const ssize_t result = hotline::test::through_interrupts(call);
    return result < 0 ? -errno : static_cast<int>(result);
  }

  hotline::UniqueFd fd_;
};

hotline::SocketAddress unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return {&address, offsetof(sockaddr_un, sun_path) + path.size() + 1};
}

}  // namespace

hotline::SocketAddress address_of(const hotline::Endpoint& endpoint) {
  if (!endpoint.path().empty()) return unix_address(endpoint.path());
  if (endpoint.host().find(':') != std::string::npos) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port());
    ::inet_pton(AF_INET6, endpoint.host().c_str(), &address.sin6_addr);
    return {&address, sizeof address};
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port());
  ::inet_pton(AF_INET, endpoint.host().c_str(), &address.sin_addr);
  return {&address, sizeof address};
}

PeerSocketOrError connect_over_system(const hotline::Endpoint& endpoint) {
  const hotline::SocketAddress address = address_of(endpoint);
  const auto* raw = static_cast<const sockaddr*>(address.data());
  const bool is_datagram = hotline::is_datagram(endpoint.transport());
  const int type = (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
  hotline::UniqueFd fd(::socket(raw->sa_family, type, 0));
  if (!fd) return std::unexpected(errno);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kSystemPatience, sizeof kSystemPatience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kSystemPatience, sizeof kSystemPatience);
  if (is_datagram && raw->sa_family == AF_UNIX) {
    const sa_family_t family = AF_UNIX;
    ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&family), sizeof family);
  }
  const auto size = static_cast<socklen_t>(address.size());
  if (hotline::test::connect_through_interrupts(fd.get(), raw, size) != 0) {
    return std::unexpected(errno);
  }
  return std::make_unique<SystemPeerSocket>(std::move(fd));
}

}  // namespace contract
