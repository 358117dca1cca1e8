#pragma once

#include <cstddef>
#include <cstdint>

#include "hotline/services/command.h"
#include "simulation/simulation.h"

namespace simulation {

/// `command` on every wire, under words of concurrency, called by several hosts at once, of which
/// some lose patience: a reply is the right one, whole (on `plain` a beginning of it), or an error;
/// in a world where nothing breaks every command is answered; and none is left running.
Findings run_commands(std::uint64_t seed);

/// Which way bytes go between a caller and the server.
enum class Direction : bool { request, reply };

/// A conversation in a world without faults, but for a reset of both sides when `bytes` have gone
/// one way.
struct BrokenCall {
  hotline::CommandWire wire;
  Direction direction;
  std::size_t bytes;
};

/// The same invariants for one such call; `has_broken`: whether it was long enough to be broken.
Findings break_command(const BrokenCall& broken, bool& has_broken);

}  // namespace simulation
