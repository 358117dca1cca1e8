#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/followed_command.h"
#include "cli/subcommand.h"
#include "cli/terminal_filter.h"
#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"
#include "hotline/services/remote_command.h"

namespace hotline::cli {

/// How the outputs of a command at many endpoints are shown.
enum class ManyOutputs : std::uint8_t {
  live,    ///< Each line as it comes, with its endpoint.
  folded,  ///< At the end, equal ones once.
};

/// What the standard streams of a remote command are at the server.
enum class TerminalUse : std::uint8_t { none, wanted };

/// The arguments of `hotline run`.
struct RunOptions {
  std::string endpoint = {};
  std::vector<std::string> command = {};  ///< A program and its arguments. On the wires of the
                                          ///< course, one word is a line for the shell.
  std::optional<std::string> line = {};   ///< A line for the shell, instead of these.
  Duration linger = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(30);
  Duration timeout = kNoTimeout;          ///< The limit of the whole run.
  Controls controls = Controls::escaped;  ///< At a terminal.

  std::string course_option =
      {};  ///< An option that was given, and is for the wires of the course.

  // On the wire `hotline` only.

  std::string remote_option = {};  ///< An option that was given, and is for that wire only.
  FilteredColours colours = FilteredColours::removed;  ///< At a terminal.
  std::string directory = {};
  std::vector<RemoteVariable> environment = {};
  std::optional<std::uint64_t> output_max = {};
  OutputExcess on_excess = OutputExcess::kill;
  std::optional<Duration> keep = {};  ///< How long it goes on without a client.
  bool is_detached = false;
  TerminalUse terminal = TerminalUse::none;
  std::optional<Duration> reconnect = {};  ///< How long to try to connect again after a loss.

  // With --on, instead of `endpoint`.

  std::vector<std::string> hosts = {};  ///< Endpoints; empty: without --on.
  std::size_t hosts_at_once = 64;       ///< Connections at the same time.
  ManyOutputs outputs = ManyOutputs::live;
  std::string output_directory = {};   ///< For a file with each output; empty: they are shown.
  std::string error_directory = {};    ///< The same for standard error.
  std::optional<InputUse> input = {};  ///< Absent: it is sent, unless it is a terminal.
};

/// `hotline run`.
Subcommand run_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<RunOptions> read_run(const Arguments& given);

/// The option --reconnect; `then` says what is done when the connection is back.
OptionRow reconnect_row(const std::string& then);

/// Reads it. Fails with `invalid_argument`, with a hint.
Result<void> read_reconnect(const Arguments& given, RunOptions& options);

/// Reports why a run could not be begun, and returns the exit status.
ExitStatus report_run_failure(const Error& error, OutputForm form);

}  // namespace hotline::cli
