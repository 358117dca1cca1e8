#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/engine/process.h"
#include "hotline/framing/framing.h"
#include "hotline/services/command.h"

// The wires of the course, without I/O: docs/wire/command.md.

namespace hotline::services {

/// The reply to a command that wrote nothing.
inline constexpr std::string_view kDoneReply = "操作成功";

/// The longest reply whose length every wire can carry.
inline constexpr std::size_t kReplyMax = INT32_MAX;

/// The longest request that one receive of our servers takes completely, on every engine. A part of
/// it would be run as a separate command.
inline constexpr std::size_t kRequestMax = 16 * 1024;

/// Returns true if a signal ended a command that had written nothing: no reply can express that.
bool has_silently_died(const Completed& completed);

/// Returns the reply for a finished command; never empty. A view of `completed`.
std::string_view reply_of(const Completed& completed);

/// The most commands at once that an endpoint can allow.
inline constexpr std::size_t kCommandsMax = 65'536;

/// Returns the framing of replies of at most `reply_max` bytes, on a wire of the course.
Framing framing_of(CommandWire wire, std::size_t reply_max = kReplyMax);

}  // namespace hotline::services
