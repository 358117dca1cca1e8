#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/engine/process.h"
#include "hotline/server/handler.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"

namespace hotline HOTLINE_PUBLIC {

/// One command that a server has run, or refused, for its audit. A view: valid in the call that
/// receives it. The command is empty if the request could not be understood.
struct CommandRecord {
  const RemoteCommand& command;
  const JobId& job;      ///< Zeros if it was refused.
  std::string caller;    ///< See Identity::to_string(); empty if it is not known.
  std::string endpoint;  ///< The caller's address.
  CommandExit exit{};    ///< With `could_not_start` and `text` if it was refused.
  std::uint64_t output_bytes = 0;
  std::uint64_t error_bytes = 0;
  std::uint64_t output_digest = 0;  ///< XXH3-64.
  std::uint64_t error_digest = 0;
};

/// How commands of the wire `hotline` are run.
struct RemoteCommandsOptions {
  std::size_t commands_max = 1'536;  ///< At once, of all callers.
  /// At once, of one caller. Default: three quarters of all. Callers without an identity count as
  /// one.
  std::optional<std::size_t> commands_per_caller_max{};
  Duration timeout_max = kNoTimeout;          ///< How long a command may run.
  std::optional<std::uint64_t> output_max{};  ///< The most bytes of both outputs of a command.
  std::string directory{};  ///< Where a command starts that names no directory; empty: the home of
                            ///< this user, or / without one.
  std::vector<std::string> variables{"*"};  ///< Which variables a caller may set: names, or the
                                            ///< beginning of names and `*`.

  /// Jobs that are kept, of all callers, whether they run or have ended; 0: none, as `processes`
  /// requires. The oldest one that has ended makes room for another.
  std::size_t jobs_max = 64;
  std::optional<std::size_t> jobs_per_caller_max{};  ///< Default: three quarters of all.
  Duration keep_max = std::chrono::hours(24);        ///< How long a job may be without a client.
  std::uint64_t kept_max = std::uint64_t{32} << 20;  ///< Bytes of each output of a job, in a file
                                                     ///< without a name. At least 8 MiB.

  /// Called at the end of each command, and when a request for one is refused, on the loop or
  /// thread of its call or of the server's jobs; must not wait or throw. Requests about jobs are
  /// not recorded.
  std::function<void(const CommandRecord&)> audit{};
};

/// Returns the handler of the wire `hotline` of the service `command`: docs/wire/remote.md. It runs
/// many commands of a caller at once. Jobs run in the task of the handler (Handler::beside), so a
/// call ends with its connection, and a job that has ended takes two files and no fiber. A drain
/// waits for jobs that run. `launcher` must outlive the server. Give the handler what
/// command_handler() gives its own: only_local(), only_owner(), needs().
Handler remote_commands(Launcher& launcher, const RemoteCommandsOptions& options);

}  // namespace hotline
