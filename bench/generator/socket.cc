#include "socket.h"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "failure.h"

namespace bench {
namespace {

void set_option(int fd, int level, int name, int value, const char* what) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) throw Failure::system(what);
}

void bind_source(int fd, std::uint64_t serial) {
  constexpr std::uint32_t kFirst = 0x7f000101;  // 127.0.1.1
  constexpr std::uint64_t kSources = 64;
  // The port is then chosen when the whole pair of addresses is known.
  set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT");
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(kFirst + static_cast<std::uint32_t>(serial % kSources));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
    throw Failure::system("bind");
}

bool is_loopback(const sockaddr_in& address) {
  return ntohl(address.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

Descriptor open_socket(int type) {
  Descriptor opened(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (opened.get() < 0) throw Failure::system("socket");
  return opened;
}

void connect_to(const Descriptor& socket, const sockaddr_in& server) {
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
    throw Failure::system("connect");
}

}  // namespace

Failure Failure::system(const char* what) {
  return Failure(std::string(what) + ": " + std::strerror(errno));
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  reset();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Descriptor connect_stream(const sockaddr_in& server, std::uint64_t serial) {
  Descriptor stream = open_socket(SOCK_STREAM);
  if (is_loopback(server)) bind_source(stream.get(), serial);
  connect_to(stream, server);
  return stream;
}

Descriptor try_connect_stream(const sockaddr_in& server, std::uint64_t serial, int receive_bytes) {
  constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};
  Descriptor stream = open_socket(SOCK_STREAM);
  if (is_loopback(server)) bind_source(stream.get(), serial);
  if (receive_bytes != 0) {
    set_option(stream.get(), SOL_SOCKET, SO_RCVBUF, receive_bytes, "SO_RCVBUF");
  }
  // Connecting counts as sending.
  setsockopt(stream.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (connect(stream.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
    stream.reset();
  return stream;
}

void reset_at_close(const Descriptor& socket) {
  constexpr linger kReset{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &kReset, sizeof kReset);
}

Descriptor connect_datagrams(const sockaddr_in& server) {
  constexpr int kReceiveBuffer = 4 * 1024 * 1024;
  Descriptor socket = open_socket(SOCK_DGRAM);
  set_option(socket.get(), SOL_SOCKET, SO_RCVBUF, kReceiveBuffer, "SO_RCVBUF");
  connect_to(socket, server);
  return socket;
}

void set_no_delay(const Descriptor& socket) {
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw Failure::system("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) throw Failure::system("setrlimit");
}

std::size_t send_some(const Descriptor& socket, const char* bytes, std::size_t size) {
  const ssize_t sent = send(socket.get(), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return 0;
  throw Failure::system("send");
}

std::size_t receive_some(const Descriptor& socket, char* buffer, std::size_t size) {
  const ssize_t received = recv(socket.get(), buffer, size, MSG_DONTWAIT);
  if (received > 0) return static_cast<std::size_t>(received);
  if (received == 0) throw Failure("short reply: the server hung up");
  if (errno == EAGAIN || errno == EINTR) return 0;
  throw Failure::system("recv");
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_.get() < 0) throw Failure::system("epoll_create1");
}

void Poller::add(const Descriptor& socket, std::uint32_t events, std::size_t index) {
  control(EPOLL_CTL_ADD, socket, events, index);
}

void Poller::change(const Descriptor& socket, std::uint32_t events, std::size_t index) {
  control(EPOLL_CTL_MOD, socket, events, index);
}

void Poller::control(int operation, const Descriptor& socket, std::uint32_t events,
                     std::size_t index) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.u64 = index;
  if (epoll_ctl(epoll_.get(), operation, socket.get(), &event) != 0)
    throw Failure::system("epoll_ctl");
}

std::span<const epoll_event> Poller::wait(int timeout_ms) {
  const int count =
      epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout_ms);
  if (count < 0 && errno != EINTR) throw Failure::system("epoll_wait");
  return {events_.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
}

}  // namespace bench
