#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// What every floor does before its loop starts. A floor that cannot start says why and exits 1.
namespace floors {

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

// The port of `--port N`, 0 (the kernel chooses) without it.
inline std::uint16_t port_option(int argc, char** argv) {
  if (argc == 1) return 0;
  if (argc == 3 && std::strcmp(argv[1], "--port") == 0)
    return static_cast<std::uint16_t>(std::strtoul(argv[2], nullptr, 10));
  std::fprintf(stderr, "usage: %s [--port N]\n", argv[0]);
  std::exit(2);
}

inline void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
}

inline int bound_socket(int type, std::uint16_t port) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) die("SO_REUSEADDR");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  return fd;
}

// With room for bursts in its queue.
inline int bound_datagram_socket(std::uint16_t port) {
  const int fd = bound_socket(SOCK_DGRAM, port);
  const int size = 4 * 1024 * 1024;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0) die("SO_RCVBUF");
  return fd;
}

// Prints `listening upper SCHEME://127.0.0.1:PORT` to standard error.
inline void announce(const char* scheme, int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) die("getsockname");
  std::fprintf(stderr, "listening upper %s://127.0.0.1:%u\n", scheme, ntohs(address.sin_port));
}

// `type_flags` (SOCK_NONBLOCK or 0) go to the listener only. Accepted sockets inherit NODELAY.
inline int listen_tcp(std::uint16_t port, int type_flags, const char* scheme = "tcp") {
  constexpr int kBacklog = 4096;
  const int fd = bound_socket(SOCK_STREAM | type_flags, port);
  const int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("TCP_NODELAY");
  if (listen(fd, kBacklog) != 0) die("listen");
  announce(scheme, fd);
  return fd;
}

// A connection to a port of this machine.
inline int connected_socket(const char* port) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int call = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(call, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0) die("connect");
  return call;
}

}  // namespace floors
