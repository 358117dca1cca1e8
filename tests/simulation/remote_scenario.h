#pragma once

#include <cstdint>

#include "simulation/breaker.h"
#include "simulation/simulation.h"

namespace simulation {

/// `command` on the wire `hotline`, under words of concurrency, called by several hosts at once:
/// commands with input, timeouts, cancels, clients that do not read, and jobs that are attached to
/// again. A result that a client believes is the right one and complete; a job's output is exact
/// over any number of cuts; a key runs once; in a world where nothing breaks every command has its
/// result; and no command is left running.
Findings run_remote_commands(std::uint64_t seed);

/// What becomes of a command whose connection breaks.
enum class Remedy : bool {
  none,    ///< The command ends with its connection.
  resume,  ///< It is kept, and its client goes on over another connection.
};

/// A conversation with one command, which gets input, in a world without faults, except that its
/// connection breaks. Sets `has_broken` if it was long enough for that.
Findings break_remote_command(const Break& wanted, Remedy remedy, bool& has_broken);

}  // namespace simulation
