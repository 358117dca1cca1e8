#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/services/remote_command.h"
#include "services/command_protocol.h"

// What a client sends while a command runs: SIGNAL, RESIZE, CANCEL and DETACH of
// docs/wire/remote.md. No I/O.

namespace hotline::services {

/// Sends a signal to the command.
struct SignalMessage {
  int signal = 0;  ///< One with a name: signal_name().

  bool operator==(const SignalMessage&) const = default;
};

/// The client's terminal has another size.
struct ResizeMessage {
  TerminalSize size{};  ///< Each side is 1 to 65,535.

  bool operator==(const ResizeMessage&) const = default;
};

/// Kills the command with all that it has started. EXIT follows.
struct CancelMessage {
  bool operator==(const CancelMessage&) const = default;
};

/// The client leaves; the command goes on as a job.
struct DetachMessage {
  bool operator==(const DetachMessage&) const = default;
};

using ClientMessage = std::variant<SignalMessage, ResizeMessage, CancelMessage, DetachMessage>;

CommandMessage type_of(const ClientMessage& message);

/// Returns the payload.
std::string encode_client_message(const ClientMessage& message);

/// Returns the message, or why it is refused. `type` and `flags` are those of the session's event.
std::expected<ClientMessage, CommandFault> decode_client_message(std::uint8_t type,
                                                                 std::uint8_t flags, Bytes payload);

}  // namespace hotline::services
