#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// Callers of a server on TLS, under every word of concurrency and any faults. Some have the key;
/// the others have another one, or none, or send a part of a handshake. Only callers with the key
/// reach the handler; an end that is not an error comes only after all bytes; in a
/// world where nothing breaks every call with the key succeeds.
Findings call_over_tls(std::uint64_t seed);
Findings call_over_tls(std::uint64_t seed, const hotline::sim::WorldOptions& options);

/// The number of worlds in which cut_tls() cuts one call at every byte in every way.
inline constexpr std::uint64_t kTlsCuts = 6 * 900;

/// One call whose bytes are relayed and cut at one byte, chosen by `seed` together with the
/// direction and the manner: a reset, an end, or silence. Neither side takes what it got for
/// complete, unless it is.
Findings cut_tls(std::uint64_t seed);

}  // namespace simulation
