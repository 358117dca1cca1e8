#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"
#include "services/command_protocol.h"

// The requests of docs/wire/remote.md: what OPEN carries. No I/O.

namespace hotline::services {

/// Attaches the stream to a job.
struct AttachRequest {
  JobId job{};
  /// From where on the outputs are wanted. Absent: from the oldest byte that is kept.
  std::optional<std::uint64_t> output_offset{};
  std::optional<std::uint64_t> error_offset{};
  CommandInput input = CommandInput::none;  ///< `stream`: this client goes on with the input.

  bool operator==(const AttachRequest&) const = default;
};

/// Asks for the caller's jobs.
struct ListRequest {
  bool operator==(const ListRequest&) const = default;
};

/// Sends a signal to a job.
struct SignalRequest {
  JobId job{};
  int signal = 0;  ///< One with a name: signal_name().

  bool operator==(const SignalRequest&) const = default;
};

/// Ends a job if it runs, and drops its output.
struct ForgetRequest {
  JobId job{};

  bool operator==(const ForgetRequest&) const = default;
};

/// RUN, SHELL and LOGIN are a RemoteCommand: its program is the kind.
using CommandRequest =
    std::variant<RemoteCommand, AttachRequest, ListRequest, SignalRequest, ForgetRequest>;

RequestKind kind_of(const CommandRequest& request);

/// Returns the bytes for OPEN. A RemoteCommand must pass its check().
std::string encode_request(const CommandRequest& request);

/// Returns the request, or why it is refused. `flows` are those with which the stream was opened.
/// A RemoteCommand passes its check(); variables that the server does not permit are its business.
std::expected<CommandRequest, CommandFault> decode_request(Bytes bytes, SessionFlows flows);

}  // namespace hotline::services
