// The cheapest servers with blocking calls: a thread that receives and sends for each connection,
// and one that does so for all datagrams.

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "listening.h"
#include "upper_ascii.h"

namespace floors {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;
// So small that the C library keeps the stacks of some hundred threads that have ended.
constexpr std::size_t kStackSize = 128 * 1024;

void* as_argument(int fd) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)); }

int descriptor_of(void* argument) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(argument));
}

void start_thread(void* (*function)(void*), int fd) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread{};
  errno = pthread_create(&thread, &attributes, function, as_argument(fd));
  if (errno != 0) die("pthread_create");
  pthread_attr_destroy(&attributes);
}

// A send that blocks takes all, unless the peer has gone.
void* serve_connection(void* argument) {
  const int fd = descriptor_of(argument);
  char buffer[kBufferSize];
  while (true) {
    const ssize_t received = recv(fd, buffer, sizeof buffer, 0);
    if (received <= 0) break;
    upper_ascii(buffer, static_cast<std::size_t>(received));
    if (send(fd, buffer, static_cast<std::size_t>(received), MSG_NOSIGNAL) != received) break;
  }
  close(fd);
  return nullptr;
}

void* serve_datagrams(void* argument) {
  const int fd = descriptor_of(argument);
  char buffer[kBufferSize];
  sockaddr_in peer{};
  auto* name = reinterpret_cast<sockaddr*>(&peer);
  while (true) {
    socklen_t name_size = sizeof peer;
    const ssize_t received = recvfrom(fd, buffer, sizeof buffer, 0, name, &name_size);
    if (received < 0) continue;
    upper_ascii(buffer, static_cast<std::size_t>(received));
    sendto(fd, buffer, static_cast<std::size_t>(received), 0, name, name_size);
  }
}

[[noreturn]] void accept_all(int listener) {
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) start_thread(serve_connection, fd);
  }
}

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  floors::raise_descriptor_limit();
  const std::uint16_t port = floors::port_option(argc, argv);
  const int datagrams = floors::bound_datagram_socket(port);
  floors::start_thread(floors::serve_datagrams, datagrams);
  floors::announce("udp", datagrams);
  floors::accept_all(floors::listen_tcp(port, 0));
}
