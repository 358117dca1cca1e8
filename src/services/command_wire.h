#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/engine/process.h"
#include "hotline/framing/framing.h"
#include "hotline/services/command.h"

// The course's wires, without I/O: docs/wire/command.md.

namespace hotline::services {

/// What answers a command that wrote nothing.
inline constexpr std::string_view kDoneReply = "操作成功";

/// The longest reply that every wire can tell the length of.
inline constexpr std::size_t kReplyMax = INT32_MAX;

/// The longest request that one receive of our servers takes whole, on every engine. A part of it
/// would be run as a command of its own.
inline constexpr std::size_t kRequestMax = 16 * 1024;

/// Whether a signal ended a command that had written nothing: no reply can tell that.
bool has_silently_died(const Completed& completed);

/// What a finished command is answered with; never empty. A view of `completed`.
std::string_view reply_of(const Completed& completed);

/// How replies of at most `reply_max` bytes are framed.
Framing framing_of(CommandWire wire, std::size_t reply_max = kReplyMax);

}  // namespace hotline::services
