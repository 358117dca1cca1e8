#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "support/scripted_launcher.h"

namespace simulation {

/// What the command `line` of a world does: says much or little on either output, now and then.
hotline::test::Script script_of(const std::string& line, std::uint64_t seed);

/// The only right reply to it; empty if the service may not answer.
std::string reply_to(const std::string& line, std::uint64_t seed);

/// The longest reply of these worlds.
inline constexpr std::size_t kReplyMax = 20'000;

}  // namespace simulation
