#pragma once

#include <optional>
#include <string_view>

#include "hotline/core/literal.h"
#include "hotline/net/socket_options.h"

namespace hotline::net {

/// The properties of one socket option. A new option needs a member of SocketOptions, a row, and
/// the place where it is applied.
struct SocketOptionRow {
  Choice choice;

  /// Takes the option if it was given.
  Result<void> (*take)(OptionTaker& taker, const SocketOptionRow& row, SocketOptions& options);

  std::optional<Side> only{};  ///< The side that has the option; empty: both.

  /// Returns whether the option is set. Null: neither `only` nor `fits` is checked.
  bool (*is_given)(const SocketOptions& options) = nullptr;

  /// Returns whether a socket of that endpoint has such an option. Null: each has.
  bool (*fits)(const Endpoint& endpoint) = nullptr;

  std::string_view detail{};  ///< The reason why it does not fit.
  std::string_view advice{};
};

/// Returns the `invalid_argument` for an option of the side `only` at the endpoint of the other.
Error wrong_side(const Endpoint& endpoint, Literal operation, std::string_view key, Side only);

/// Fails with `invalid_argument` if `options` has one that the socket of `endpoint` does not have.
/// What an inherited socket has is known only once its own endpoint is given.
Result<void> check_fit(const Endpoint& endpoint, const SocketOptions& options, Side side,
                       Literal operation);

}  // namespace hotline::net
