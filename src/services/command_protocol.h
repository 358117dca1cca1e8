#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/services/command_refusal.h"
#include "hotline/services/remote_command.h"
#include "hotline/session/session_event.h"
#include "hotline/session/session_options.h"
#include "hotline/session/session_protocol.h"

// The constants of the wire `hotline` of the service `command`: docs/wire/remote.md.

namespace hotline::services {

inline constexpr std::string_view kCommandProtocol = "command/1";

// The flows of RUN, SHELL, LOGIN and ATTACH. The other requests have none.
inline constexpr std::uint8_t kInputFlow = 0;
inline constexpr std::uint8_t kOutputFlow = 1;
inline constexpr std::uint8_t kErrorFlow = 2;

/// What a client asks for: the first byte of a request.
enum class RequestKind : std::uint8_t { run = 1, shell, login, attach, list, signal, forget };

/// Returns the flows with which a stream for `kind` is opened.
SessionFlows flows_of(RequestKind kind);

/// The types of messages.
enum class CommandMessage : std::uint8_t {
  signal = kFirstMessageType,  ///< To the server, as the next three.
  resize,
  cancel,
  detach,
  exit,  ///< To the client, as the next.
  job,
};

inline constexpr std::size_t kCommandMessageTypes = 6;

/// The longest payload of a frame. The session of both ends has it as frame_max.
inline constexpr std::uint32_t kCommandFrameMax = 256U << 10;
static_assert(kCommandRequestMax + 2 == kCommandFrameMax);

/// The most bytes of a program that a message JOB carries; the rest of it is left out.
inline constexpr std::size_t kJobProgramMax = 4'096;

/// Returns what both ends of a session announce by this wire, for users to adapt. Every message of
/// it is sent as critical.
SessionOptions command_session_options(SessionRole role);

/// Returns a message of the wire: critical, without other flags. A view of `payload`.
SessionMessage command_message(CommandMessage type, std::string_view payload);

/// Returns the number of a signal by its name on the wire, which is without `SIG`; nullopt if there
/// is none.
std::optional<int> signal_on_wire(std::string_view name);

/// How a TerminalSize is written: 2 rows, 2 columns.
inline constexpr std::size_t kTerminalSizeBytes = 4;

/// Each side is at most 65,535.
std::string encode_terminal_size(TerminalSize size);

/// `bytes` are kTerminalSizeBytes.
TerminalSize decode_terminal_size(Bytes bytes);

/// How the other end has violated the wire, or asked for what this end does not have.
struct CommandFault {
  ResetCode code = reset_code(CommandRefusal::malformed);  ///< Or ResetCode::unsupported, ...
  std::string text{};                                      ///< A clause: `the request has no word`.

  bool operator==(const CommandFault&) const = default;
};

}  // namespace hotline::services
