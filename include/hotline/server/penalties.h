#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// Which callers get penalties.
enum class PenalisedCallers : std::uint8_t {
  none,
  other_machines,  ///< All but those on the loopback and on UNIX sockets.
  all,
};

/// Returns the one that `word` names: `off`, `remote` or `all`. Fails with `invalid_argument`.
Result<PenalisedCallers> parse_penalised_callers(std::string_view word);

/// Returns the words that parse_penalised_callers() takes, in the order of the enumerators.
std::span<const Choice> penalised_caller_names();

/// Penalties for sources whose callers do not authenticate, as PerSourcePenalties of
/// sshd_config(5), with its defaults. Each failure of a caller adds a time to the penalty of its
/// source. A source whose penalty lasts for at least `enforced_from` is refused right after the
/// accept, until the penalty is over. A source is an IPv4 address, the /64 of an IPv6 address, or a
/// user on a UNIX socket. A caller that authenticates does not end the penalty of its source, and
/// calls that are already authenticated go on. Applies to services with an authentication.
struct Penalties {
  PenalisedCallers callers = PenalisedCallers::other_machines;

  Duration failed_authentication =
      std::chrono::seconds(5);  ///< Wrong key or answer, or bytes of another protocol.
  Duration no_authentication = std::chrono::seconds(1);  ///< It hung up before the end of it.
  Duration timed_out = std::chrono::seconds(10);         ///< ServerOptions::authentication_timeout.

  Duration enforced_from = std::chrono::seconds(15);
  Duration longest = std::chrono::minutes(10);

  /// With more sources than this, the penalties that end first are forgotten.
  std::size_t sources_max = 65'536;

  /// Fails with `invalid_argument` if a time or `sources_max` is not positive, if a time is longer
  /// than a year, or if `longest` is less than `enforced_from`.
  Result<void> check() const;
};

}  // namespace hotline
