#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

#include "../trust/context.h"

namespace bench {

enum class Mode { kLoad, kConnections, kIdle };

// What precedes each message on a stream.
enum class Prefix { kNone, kU32be };

struct Options {
  Mode mode = Mode::kLoad;
  sockaddr_in server{};
  bool datagrams = false;
  bool is_ntp = false;
  bool has_tls = false;
  std::size_t connections = 1;
  std::size_t bytes = 64;  // With its prefix.
  Prefix prefix = Prefix::kNone;
  // Messages in flight on one connection: pipelining over TCP, the window over UDP.
  std::size_t depth = 1;
  // Datagrams that one send hands to the kernel (UDP_SEGMENT), and that may come back so (UDP_GRO).
  // 1: each by itself.
  std::size_t segments = 1;
  double seconds = 2;
  double warmup = 0.5;
  // 0: the server's CPU time and memory are not measured.
  pid_t server_pid = 0;
  // What a tls:// server asks for.
  trust::Material trust;
  // The answer to a challenge by hmac-sha256; empty if there is none.
  std::string secret;
  // Idle mode only: also measure after one message on every connection.
  bool speak = false;
};

// Throws std::invalid_argument for what makes no sense. Prints the usage and exits 0 on --help.
Options parse_options(int argc, char** argv);

}  // namespace bench
