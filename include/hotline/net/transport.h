#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// What carries the bytes between two endpoints.
enum class Transport : std::uint8_t {
  tcp,       ///< `tcp://HOST:PORT`: a stream.
  udp,       ///< `udp://HOST:PORT`: datagrams.
  unix_,     ///< `unix:///PATH`, `unix:@NAME`: a stream.
  unixgram,  ///< `unixgram:///PATH`, `unixgram:@NAME`: datagrams.
  tls,       ///< `tls://[NAME@]HOST:PORT`: a stream over TCP that is encrypted.
  fd,        ///< `fd:N`: a bound socket inherited from the program that started this one.
};

/// Returns the scheme of URIs with that transport: `tcp`.
std::string_view name_of(Transport transport);

/// Returns true if the transport keeps the boundaries of messages. False for `fd`, whose inherited
/// socket decides.
bool is_datagram(Transport transport);

/// Returns true if the transport carries a stream of bytes. False for `fd`.
bool is_stream(Transport transport);

/// Returns true if its endpoints have a host and a port.
bool has_port(Transport transport);

/// Returns true if its endpoints have a path, or a name in the abstract space.
bool has_path(Transport transport);

/// Returns true if bytes never leave this machine. False for `fd`, whose inherited socket decides.
bool is_local(Transport transport);

/// Returns true if no third party can read or change the bytes.
bool is_protected(Transport transport);

/// Returns every transport, in the order of the enumerators, as people write it.
std::span<const Choice> transport_names();

/// Returns each form of an endpoint of that transport: `unix:///PATH` and `unix:@NAME`.
std::vector<Choice> transport_forms(Transport transport);

}  // namespace hotline
