#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hotline/net/transport.h"
#include "net/socket_kind.h"

namespace hotline::net {

/// The form of the address in a URI.
enum class AddressForm : std::uint8_t {
  host_and_port,  ///< `//HOST:PORT`
  path,           ///< `///PATH` or `@NAME`
  descriptor,     ///< `N`
};

/// The properties of one transport. A new transport needs an enumerator and a row.
struct TransportRow {
  Transport transport;
  Choice choice;             ///< Its name is the scheme.
  Choice abstract_choice{};  ///< The form for a name without a file; empty if there is none.
  AddressForm address;
  std::optional<SocketKind> socket;  ///< Empty: the inherited socket decides.
  bool is_local = false;             ///< Its bytes never leave this machine.
  bool is_protected = false;         ///< No third party can read or change its bytes.
  bool has_user = false;             ///< Its host may follow `NAME@`.
};

std::span<const TransportRow> transport_rows();

const TransportRow& row_of(Transport transport);

/// Returns the names of the transports with such sockets: `tcp and unix`.
std::string list_transports(SocketKind kind, std::string_view conjunction = "and");

}  // namespace hotline::net
