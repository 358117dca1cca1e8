#pragma once

#include <functional>
#include <optional>

#include "hotline/session/session_stream.h"
#include "services/command_protocol.h"

namespace hotline::services {

/// Checks a message that arrives after the server has ended the stream. Returns what is wrong with
/// it.
using LateCheck = std::function<std::optional<CommandFault>(const ReceivedMessage& message)>;

/// Ends a stream at the server: sends the end of the messages, and waits for the client's end, for
/// at most 30 s. Resets the stream if `check` finds a fault. No other fiber receives or reads.
void end_and_wait(SessionStream& stream, const LateCheck& check);

}  // namespace hotline::services
