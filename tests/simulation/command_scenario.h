#pragma once

#include <cstddef>
#include <cstdint>

#include "hotline/services/command.h"
#include "simulation/breaker.h"
#include "simulation/simulation.h"

namespace simulation {

/// `command` on every wire, under words of concurrency, called by several hosts at once, some with
/// short timeouts. A reply is the right one and complete (on `plain` a beginning of it), or an
/// error; in a world where nothing breaks every command is answered; and no command is left
/// running.
Findings run_commands(std::uint64_t seed);

/// A conversation in a world without faults, except for a reset of both sides when `bytes` have
/// gone in one direction.
struct BrokenCall {
  hotline::CommandWire wire;
  Direction direction;
  std::size_t bytes;
};

/// The same invariants for one such call. Sets `has_broken` if it was long enough to be broken.
Findings break_command(const BrokenCall& broken, bool& has_broken);

}  // namespace simulation
