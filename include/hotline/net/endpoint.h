#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"
#include "hotline/net/transport.h"

namespace hotline HOTLINE_PUBLIC {

/// One `key=value` after the `?` of an endpoint.
struct EndpointOption {
  std::string key{};
  std::string value{};

  bool operator==(const EndpointOption&) const = default;
};

/// The address of a service, to listen at or to call: transport, address, port or path, and
/// options, which are kept as text. A value.
///
///     tcp://127.0.0.1:8000   tcp://[::1]:8000   tcp://[fe80::1%eth0]:8000   tcp://:8000 (every
///     address) unix:///run/hotline.sock   unix:@hotline (abstract)
///     udp://localhost:8082?send-buffer=64KiB
///
/// In a path, %XX stands for a byte that has a meaning here or cannot be shown.
class Endpoint {
 public:
  /// Parses a URI. Fails with `invalid_argument` and a hint; for an unknown scheme the hint lists
  /// the known ones.
  static Result<Endpoint> parse(std::string_view uri);

  /// Returns the endpoint for the address of a socket or of its peer. An unnamed UNIX peer is
  /// `unix:`.
  static Endpoint of_address(Transport transport, const SocketAddress& address);

  /// Returns `fd:N`.
  static Endpoint of_descriptor(int fd);

  /// Returns the URI without its options, for messages and logs.
  std::string to_string() const;

  /// Returns the whole URI with its options, in the form that parse() takes.
  std::string to_uri() const;

  Transport transport() const { return transport_; }

  /// Returns the name or numeric address, without brackets; empty means every address. An IPv6
  /// scope follows `%`.
  const std::string& host() const;

  /// Returns NAME of `tls://NAME@HOST:PORT`; may be empty.
  const std::string& user() const { return extras().user; }

  /// Returns the port; 0 means that the kernel chooses one.
  std::uint16_t port() const { return port_; }

  /// Returns the path of a UNIX socket, or its name in the abstract space.
  const std::string& path() const;
  bool is_abstract() const { return is_abstract_; }

  /// Returns true for a UNIX socket that is a file, which has permissions.
  bool is_unix_path() const { return has_path() && !is_abstract_ && !name_.empty(); }

  /// Returns N of `fd:N`.
  int descriptor() const { return descriptor_; }

  const std::vector<EndpointOption>& options() const { return extras().options; }

  /// Returns this endpoint with another port, and without its options.
  Endpoint with_port(std::uint16_t port) const;

  /// Returns true if callers can only be on this machine: a UNIX socket, or a numeric loopback
  /// address.
  bool is_local() const;

  /// Returns true if other machines may reach it and its transport does not protect the bytes.
  bool is_exposed() const { return !is_local() && !is_protected(transport_); }

  friend bool operator==(const Endpoint& left, const Endpoint& right);

 private:
  struct Extras {
    std::string user{};
    std::vector<EndpointOption> options{};

    bool operator==(const Extras&) const = default;
  };

  const Extras& extras() const;
  bool has_path() const { return hotline::has_path(transport_); }
  Result<void> take_host_and_port(std::string_view uri, std::string_view rest);
  static Result<std::string> take_user(std::string_view uri, std::string_view& rest);
  Result<void> take_path(std::string_view uri, std::string_view rest);
  Result<void> take_descriptor(std::string_view uri, std::string_view rest);

  Transport transport_ = Transport::tcp;
  bool is_abstract_ = false;
  std::uint16_t port_ = 0;
  int descriptor_ = -1;
  std::string name_;                      ///< Host or path. A server stores one for each caller.
  std::shared_ptr<const Extras> extras_;  ///< Null if it would be empty, as for callers.
};

}  // namespace hotline
