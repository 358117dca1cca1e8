#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "hotline/core/error.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/remote_command.h"

namespace hotline::cli {

/// A remote command whose end is proven, for reports.
struct RemoteResult {
  const RemoteProgram* program = nullptr;  ///< Null if it is not known.
  std::string endpoint;
  CommandExit exit;
  std::uint64_t dropped_bytes = 0;
  std::uint32_t reconnects = 0;  ///< How often the connection was lost and made again.
};

/// Returns the exit status of this program: see CommandExit::status().
ExitStatus status_of(const CommandExit& exit);

/// Returns why the command did not end by itself, with a hint; nullopt if it did.
std::optional<Error> error_of(const RemoteResult& result);

/// Returns what else is to be known: what is missing, and what was killed.
std::vector<std::string> notes_of(const RemoteResult& result);

/// Prints notes_of() and error_of() the command. Returns the exit status.
ExitStatus report_result(const RemoteResult& result, OutputForm form);

/// Returns an object with all that is known. `output` and `error` are the outputs, as
/// json_of_bytes() or json_of_file() describes them.
JsonLine json_of_result(const RemoteResult& result, const JsonLine& output, const JsonLine& error);

/// Adds the program of a command to `object`: `argv`, `line` or `login`.
void add_program(JsonLine& object, const RemoteProgram& program);

/// Adds how and when a command ended, and what it used, to `object`.
void add_exit(JsonLine& object, const CommandExit& exit);

}  // namespace hotline::cli
