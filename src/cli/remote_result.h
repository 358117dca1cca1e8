#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "hotline/core/bytes.h"
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

/// Prints an error if the command did not end by itself, and notes on what is missing or was
/// killed. Returns the exit status.
ExitStatus report_result(const RemoteResult& result, OutputForm form);

/// Returns an object with all that is known. `output` and `error` are the whole outputs.
JsonLine json_of_result(const RemoteResult& result, Bytes output, Bytes error);

/// Returns a time in UTC: `2026-11-22T20:44:16.123456Z`.
std::string time_text(std::chrono::system_clock::time_point time);

/// Adds the program of a command to `object`: `argv`, `line` or `login`.
void add_program(JsonLine& object, const RemoteProgram& program);

/// Adds how and when a command ended, and what it used, to `object`.
void add_exit(JsonLine& object, const CommandExit& exit);

}  // namespace hotline::cli
