#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"

namespace hotline {

/// Takes the options of an endpoint one room at a time: each takes the keys it knows, and what is
/// left over at the end is an error that names them all.
class OptionTaker {
 public:
  /// `endpoint` outlives this.
  explicit OptionTaker(const Endpoint& endpoint);

  /// The value of `key`, if it was given; fails if it was given twice. `key` is known from now on.
  Result<std::optional<std::string>> take(std::string_view key);

  /// The same as a number within bounds; `KiB`, `MiB` and `GiB` may follow it.
  Result<std::optional<std::size_t>> take_number(std::string_view key, std::size_t min,
                                                 std::size_t max);

  /// The same as a limit of time, `30s` or `none`: longer than nothing.
  Result<std::optional<Duration>> take_duration(std::string_view key);

  /// Fails if an option was not taken by anybody.
  Result<void> finish() const;

  /// An `invalid_argument` about this endpoint.
  Error refuse(std::string detail, std::string advice) const;

 private:
  const Endpoint& endpoint_;
  std::vector<bool> is_taken_;
  std::vector<std::string> known_;
};

/// What the options of an endpoint say about its socket. The same words for server and client: a
/// side takes what concerns it.
struct SocketOptions {
  int backlog = 4096;  ///< `backlog`: connections that wait to be accepted (somaxconn caps).
  std::size_t receive_max =
      0;  ///< `receive`: the most bytes of one receive; 0: what the engine has.
  std::optional<unsigned> mode;  ///< `mode`: octal permission bits of a UNIX path;
                                 ///< to bind anything else with them fails.

  /// Takes the keys named above.
  static Result<SocketOptions> take_from(OptionTaker& taker);
};

}  // namespace hotline
