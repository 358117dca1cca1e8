#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"

namespace hotline HOTLINE_PUBLIC {

/// The options of an endpoint for its socket. Listening and calling fail with `invalid_argument` if
/// an option is for the other side, or the socket does not support it.
struct SocketOptions {
  static constexpr int kBacklogDefault = 4096;

  /// `backlog`, servers: connections that wait to be accepted (somaxconn caps it). Default:
  /// kBacklogDefault; an inherited socket keeps its own.
  std::optional<int> backlog{};

  /// `receive`, streams: the most bytes that one receive returns. Default: the size of the engine's
  /// buffer.
  std::optional<std::size_t> receive_max{};

  /// `mode`, servers: the permission bits of a UNIX path, in octal.
  std::optional<unsigned> mode{};

  /// `nodelay`: TCP sends small writes at once (TCP_NODELAY). Default: on.
  std::optional<bool> nodelay{};

  /// `send-buffer`: bytes that wait to be sent (SO_SNDBUF). The kernel limits it to
  /// net.core.wmem_max, and doubles it for its own bookkeeping.
  std::optional<std::size_t> send_buffer_bytes{};

  /// `receive-buffer`: bytes that wait to be received (SO_RCVBUF), limited by net.core.rmem_max.
  /// UNIX sockets do not use it: bytes that are not read yet fill the send buffer of the peer.
  std::optional<std::size_t> receive_buffer_bytes{};

  /// `v6only`, servers: one at an IPv6 address accepts no IPv4 callers (IPV6_V6ONLY). Default: only
  /// a server at every address accepts them.
  std::optional<bool> v6_only{};

  /// `source`: the numeric IP address from which a TCP or UDP client calls. Empty: the system
  /// chooses one.
  std::string source{};

  /// Takes the keys named above that are for the side of `taker`. Keys that are not given keep
  /// their values in `defaults`.
  static Result<SocketOptions> take_from(OptionTaker& taker, SocketOptions defaults);
  static Result<SocketOptions> take_from(OptionTaker& taker);

  bool operator==(const SocketOptions&) const = default;
};

/// Returns the keys that SocketOptions::take_from takes, and `allow`, which a Server takes.
std::span<const Choice> socket_option_names();

}  // namespace hotline
