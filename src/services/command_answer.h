#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/services/job_id.h"
#include "services/command_protocol.h"

// The answers of docs/wire/remote.md: what ACCEPT carries. No I/O.

namespace hotline::services {

/// The answer to RUN, SHELL, LOGIN and ATTACH: the command runs, or has run. Those to the other
/// requests are empty.
struct CommandAnswer {
  JobId job{};
  std::uint32_t pid = 0;  ///< At the server. 0: not given.
  std::optional<std::chrono::system_clock::time_point> started{};
  bool is_repeated = false;         ///< The key was known: this is the first run's job.
  std::uint64_t output_offset = 0;  ///< Where in the command's output flow 1 begins.
  std::uint64_t error_offset = 0;   ///< The same for flow 2.
  bool has_terminal = false;        ///< The command runs on a terminal.

  /// Where in the command's input flow 0 begins: so many bytes were taken from earlier streams.
  /// Absent: the command takes no input from this stream.
  std::optional<std::uint64_t> input_offset{};

  std::optional<Duration> keep{};  ///< How long the server keeps the job without a client. Absent:
                                   ///< not at all.

  bool operator==(const CommandAnswer&) const = default;
};

std::string encode_answer(const CommandAnswer& answer);

/// Returns the answer, or what is wrong with it.
std::expected<CommandAnswer, CommandFault> decode_answer(Bytes bytes);

}  // namespace hotline::services
