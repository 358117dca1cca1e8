#pragma once

#include <cstdint>
#include <string_view>

#include "hotline/core/literal.h"
#include "hotline/net/socket_options.h"

namespace hotline::net {

/// Which end of a connection a socket is.
enum class Side : std::uint8_t { server, client };

/// The properties of one socket option. A new option needs a member of SocketOptions, a row, and
/// the place where it is applied.
struct SocketOptionRow {
  Choice choice;

  /// Takes the option if it was given.
  Result<void> (*take)(OptionTaker& taker, SocketOptions& options);

  /// Returns whether the option is set. Null, as fits: it fits everywhere.
  bool (*is_given)(const SocketOptions& options) = nullptr;

  /// Returns whether a socket of that endpoint and side has such an option.
  bool (*fits)(const Endpoint& endpoint, Side side) = nullptr;

  std::string_view detail{};  ///< The reason why it does not fit.
  std::string_view advice{};
};

/// Fails with `invalid_argument` if `options` has one that the socket of `endpoint` does not have.
/// What an inherited socket has is known only once its own endpoint is given.
Result<void> check_fit(const Endpoint& endpoint, const SocketOptions& options, Side side,
                       Literal operation);

}  // namespace hotline::net
