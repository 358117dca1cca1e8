#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/collected_output.h"
#include "cli/exit_status.h"
#include "cli/host_file.h"
#include "hotline/core/error.h"
#include "hotline/core/result.h"
#include "hotline/services/command_exit.h"

namespace hotline::cli {

/// What became of a command at one of many endpoints.
enum class HostOutcome : std::uint8_t {
  ok,           ///< It exited with status 0, and all of its output has arrived.
  failed,       ///< It ended otherwise, or its output could not be kept here.
  refused,      ///< The server refused it, or the caller: nothing was run.
  timed_out,    ///< It took too long, or the connection did.
  unreachable,  ///< There was no connection, or no service for it: nothing was run.
  lost,         ///< It may have run; its end is not known.
  cancelled,    ///< This program cancelled it, or did not begin.
};

/// Returns its name as the summary and JSON show it: `timed_out`.
std::string_view name_of(HostOutcome outcome);

/// How far a run had got when it failed.
enum class RunStage : std::uint8_t {
  connecting,
  greeting,  ///< There is a connection; the server has not answered yet.
  starting,  ///< The command was sent.
  running,
  keeping,  ///< Any of these: its output could not be kept here.
};

/// Returns the outcome of a run that failed.
HostOutcome outcome_of(const Error& error, RunStage stage);

/// Returns the outcome of a command whose end is proven.
HostOutcome outcome_of(const CommandExit& exit);

/// How far a command at one endpoint is.
enum class HostState : std::uint8_t { waiting, running, done };

/// What became of a command at one endpoint.
struct HostResult {
  std::string host;
  HostState state = HostState::waiting;
  HostOutcome outcome = HostOutcome::cancelled;
  std::optional<CommandExit> exit{};  ///< If it is proven.
  std::optional<Error> error{};       ///< Otherwise.
  CollectedOutput output{};           ///< Only if it is collected, as the next.
  CollectedOutput error_output{};
  std::optional<HostFile> output_file{};  ///< Only if it is written to a file, as the next.
  std::optional<HostFile> error_file{};
  std::uint64_t dropped_bytes = 0;  ///< By the server, at the limit.
};

/// Returns one line: `37 of 200 done, 64 running: 36 ok, 1 failed`.
std::string progress_of(std::span<const HostResult> results);

/// Returns one line: `200 endpoints: 198 ok, 1 failed, 1 lost; 1 partial file`.
std::string summary_of(std::span<const HostResult> results);

/// Returns the exit status for all: 0 if all are ok; the highest status of a command if all others
/// have failed; otherwise 255.
ExitStatus status_of(std::span<const HostResult> results);

}  // namespace hotline::cli
