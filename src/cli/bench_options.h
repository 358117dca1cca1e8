#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hotline/core/deadline.h"

namespace hotline::cli {

/// What the reply to a message must be.
enum class ExpectedReply : std::uint8_t {
  upper,  ///< The message in upper case, as the service `upper` answers.
  echo,   ///< The message.
  any,
};

/// The arguments of `hotline bench`.
struct BenchOptions {
  static constexpr std::size_t kConnectionsMax = 100'000;
  static constexpr std::size_t kDepthMax = 65'536;
  static constexpr std::size_t kThreadsMax = 256;
  static constexpr std::size_t kRateMax = 100'000'000;
  static constexpr std::size_t kMessagesMax = 1'000'000'000'000;
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20;
  static constexpr Duration kTimeMax = std::chrono::hours(24 * 30);

  static constexpr std::size_t kBytes = 64;
  /// Messages without a reply that a connection may have, unless `depth` says it.
  static constexpr std::size_t kClosedDepth = 1;
  static constexpr std::size_t kOpenDepth = 64;

  std::string endpoint = {};
  std::size_t connections = 1;  ///< Or datagram sockets.
  std::size_t threads = 1;
  std::optional<std::size_t> depth = {};
  /// Open loop: how many messages a second are due, on all connections together. Nullopt: closed
  /// loop, in which a message follows the reply to another one.
  std::optional<std::size_t> rate = {};
  std::optional<Duration> duration = {};  ///< Nullopt: no limit.
  std::optional<std::size_t> messages = {};
  std::optional<std::size_t> per_connection = {};  ///< Then the connection is closed.
  Duration warm_up = Duration::zero();
  Duration timeout = std::chrono::seconds(10);
  ExpectedReply expected = ExpectedReply::upper;
  std::optional<std::size_t> bytes = {};    ///< The size of messages that are made up.
  std::optional<std::string> message = {};  ///< Sent in their place.
  std::string svg = {};                     ///< The file for the picture; empty: none.
};

}  // namespace hotline::cli
