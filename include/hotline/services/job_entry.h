#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "hotline/core/public.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"

namespace hotline HOTLINE_PUBLIC {

/// A job as a server lists it. A value.
struct JobEntry {
  JobId job{};
  RemoteProgram program{};
  bool is_cut = false;  ///< The program was longer than a list shows: words or bytes are missing.
  std::string label{};  ///< From the client that started it, and untrusted, as the program is.
  std::optional<std::chrono::system_clock::time_point> started{};  ///< By the server's clock.
  std::optional<CommandExit> exit{};                               ///< Absent: it runs.
  std::uint64_t output_bytes = 0;  ///< What it has written to standard output so far.
  std::uint64_t error_bytes = 0;   ///< The same for standard error.
  std::optional<std::chrono::system_clock::time_point> kept_until{};  ///< Absent: not limited yet.
  bool is_attached = false;

  bool operator==(const JobEntry&) const = default;
};

}  // namespace hotline
