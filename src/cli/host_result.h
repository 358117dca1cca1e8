#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/exit_status.h"
#include "hotline/core/error.h"
#include "hotline/core/result.h"
#include "hotline/services/command_exit.h"

namespace hotline::cli {

/// What became of a command at one of many endpoints.
enum class HostOutcome : std::uint8_t {
  ok,           ///< It exited with status 0, and all of its output has arrived.
  failed,       ///< It ended otherwise.
  refused,      ///< The server, or its authentication, refused it: nothing was run.
  timed_out,    ///< It took too long, or the connection did.
  unreachable,  ///< There was no connection: nothing was run.
  lost,         ///< It may have run; its end is not known.
  cancelled,    ///< This program cancelled it, or did not begin.
};

/// Returns its name as the summary and JSON show it: `timed_out`.
std::string_view name_of(HostOutcome outcome);

/// How far a run had got when it failed.
enum class RunStage : std::uint8_t { connecting, starting, running };

/// Returns the outcome of a run that failed.
HostOutcome outcome_of(const Error& error, RunStage stage);

/// Returns the outcome of a command whose end is proven.
HostOutcome outcome_of(const CommandExit& exit);

/// What became of a command at one endpoint.
struct HostResult {
  std::string host;
  HostOutcome outcome = HostOutcome::cancelled;
  std::optional<CommandExit> exit{};  ///< If it is proven.
  std::optional<Error> error{};       ///< Otherwise.
  std::string output{};               ///< Only if it is collected, as the next.
  std::string error_output{};
  std::uint64_t dropped_bytes = 0;
};

/// Returns one line: `200 endpoints: 198 ok, 1 failed, 1 unreachable`.
std::string summary_of(std::span<const HostResult> results);

/// Returns the exit status for all: 0 if all are ok; the highest status of a command if all others
/// have failed; otherwise 255.
ExitStatus status_of(std::span<const HostResult> results);

}  // namespace hotline::cli
