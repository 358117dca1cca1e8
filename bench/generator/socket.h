#pragma once

#include <netinet/in.h>
#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace bench {

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  void reset();

 private:
  int fd_ = -1;
};

// All of these throw Failure. The sockets block; each call says MSG_DONTWAIT where it must not.

// A connected TCP socket. `serial` chooses among many loopback source addresses, so that closed
// connections in TIME_WAIT do not use up the ports.
Descriptor connect_stream(const sockaddr_in& server, std::uint64_t serial);

// The same, with a receive buffer of that many bytes if it is not 0. Invalid, without a Failure, if
// the server refuses it or does not answer within a second.
Descriptor try_connect_stream(const sockaddr_in& server, std::uint64_t serial, int receive_bytes);

// A UDP socket that talks to `server` only.
Descriptor connect_datagrams(const sockaddr_in& server);

// Closing the socket will reset its connection.
void reset_at_close(const Descriptor& socket);

void set_no_delay(const Descriptor& socket);

void raise_descriptor_limit();

// Sends some of `size` bytes and says how many: 0 if there is no room.
std::size_t send_some(const Descriptor& socket, const char* bytes, std::size_t size);

// Receives some bytes: 0 if there are none. The peer's hang-up is a Failure.
std::size_t receive_some(const Descriptor& socket, char* buffer, std::size_t size);

// An epoll instance, edge triggered throughout.
class Poller {
 public:
  Poller();
  void add(const Descriptor& socket, std::uint32_t events, std::size_t index);
  void change(const Descriptor& socket, std::uint32_t events, std::size_t index);

  // The events of one turn, with the index of their sockets in data.u64. Empty after `timeout_ms`
  // without any. Valid until the next call.
  std::span<const epoll_event> wait(int timeout_ms);

 private:
  void control(int operation, const Descriptor& socket, std::uint32_t events, std::size_t index);

  Descriptor epoll_;
  std::array<epoll_event, 128> events_;
};

}  // namespace bench
