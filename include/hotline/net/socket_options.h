#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "hotline/core/choice.h"
#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"

namespace hotline {

/// What the options of an endpoint say about its socket. The same words serve for server and
/// client: of `backlog`, `receive` and `mode` each side takes what concerns it. The others fail
/// with `invalid_argument` where the socket does not have them.
struct SocketOptions {
  int backlog = 4096;  ///< `backlog`: connections that wait to be accepted (somaxconn caps it).

  /// `receive`: the most bytes of one receive. Without it the buffer of the engine is the limit.
  std::optional<std::size_t> receive_max{};

  /// `mode`: permission bits of a UNIX path, in octal. A server cannot bind anything else with
  /// them.
  std::optional<unsigned> mode{};

  /// `nodelay`: TCP sends small writes at once (TCP_NODELAY). Without it, it does.
  std::optional<bool> nodelay{};

  /// `send-buffer`: bytes that wait to be sent (SO_SNDBUF). The kernel caps it at
  /// net.core.wmem_max, and takes twice as much, for its own bookkeeping.
  std::optional<std::size_t> send_buffer_bytes{};

  /// `receive-buffer`: bytes that wait to be received (SO_RCVBUF), with net.core.rmem_max. A UNIX
  /// socket has none: what it has not read fills the send buffer of its peer.
  std::optional<std::size_t> receive_buffer_bytes{};

  /// `v6only`: a server at an IPv6 address takes no IPv4 callers (IPV6_V6ONLY). Without it, only a
  /// server at every address takes them.
  std::optional<bool> v6_only{};

  /// `source`: the numeric IP address from which a TCP or UDP client calls. Empty: the system
  /// chooses.
  std::string source{};

  /// Takes the keys named above; those that are not given stay as in `defaults`.
  static Result<SocketOptions> take_from(OptionTaker& taker, SocketOptions defaults);
  static Result<SocketOptions> take_from(OptionTaker& taker);

  bool operator==(const SocketOptions&) const = default;
};

/// Returns the keys that SocketOptions::take_from takes.
std::span<const Choice> socket_option_names();

}  // namespace hotline
