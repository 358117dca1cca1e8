#pragma once

#include <expected>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/services/command_exit.h"
#include "services/command_protocol.h"

// The message EXIT of docs/wire/remote.md. No I/O.

namespace hotline::services {

/// The longest CommandExit::text that is sent; a longer one is cut.
inline constexpr std::size_t kExitTextMax = 512;

/// Returns the payload of EXIT. The kind is not `could_not_start`.
std::string encode_exit(const CommandExit& exit);

/// Returns how the command ended, or what is wrong with the payload.
std::expected<CommandExit, CommandFault> decode_exit(Bytes payload);

}  // namespace hotline::services
