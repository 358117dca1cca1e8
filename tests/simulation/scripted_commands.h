#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "support/scripted_launcher.h"

namespace simulation {

/// Returns what the command `line` does in a world: it writes much or little to either output, with
/// pauses.
hotline::test::Script script_of(const std::string& line, std::uint64_t seed);

/// Returns what a script writes to an output if it runs to its end, except for its input.
std::string said_on(const hotline::test::Script& script, hotline::OutputStream output);

/// Returns the only right reply to it; empty if the service may not answer.
std::string reply_to(const std::string& line, std::uint64_t seed);

/// The longest reply of these worlds.
inline constexpr std::size_t kReplyMax = 20'000;

}  // namespace simulation
