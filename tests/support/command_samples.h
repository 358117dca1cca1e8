#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/services/command_exit.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"

// Requests, exits and bytes of docs/wire/remote.md.

namespace hotline::test {

/// Returns a field as it is on the wire.
inline std::string raw_field(unsigned tag, std::string_view value) {
  std::string bytes(1, static_cast<char>(tag));
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value.size() >> shift & 0xff);
  }
  return bytes.append(value);
}

/// Returns `number` as it is on the wire, in `size` bytes.
inline std::string raw_number(std::uint64_t number, std::size_t size) {
  std::string bytes;
  for (std::size_t i = size; i-- > 0;) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

inline JobId sample_job() {
  JobId job;
  for (std::size_t i = 0; i < JobId::kBytes; ++i) job.bytes[i] = static_cast<std::byte>(0xa0 + i);
  return job;
}

inline RunKey sample_key() {
  RunKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i + 1);
  return key;
}

/// Returns a command that has every field which a command can have together with `program`.
inline RemoteCommand full_command(RemoteProgram program) {
  RemoteCommand command{.program = std::move(program)};
  command.directory = "/var/tmp";
  command.environment = {{"LANG", "C.UTF-8"}, {"EMPTY", ""}, {"EQUALS", "a=b=c"}};
  command.timeout = std::chrono::milliseconds(1'500);
  command.output_max = 1'000'000;
  command.on_excess = OutputExcess::truncate;
  command.terminal = RemoteTerminal{{.columns = 132, .rows = 50}, "xterm-256color"};
  command.input = CommandInput::stream;
  command.keep = std::chrono::hours(1);
  command.key = sample_key();
  command.label = "nightly";
  return command;
}

/// Returns an exit that has every field.
inline CommandExit full_exit() {
  const std::chrono::system_clock::time_point start{std::chrono::seconds(1'800'000'000)};
  return {.kind = ExitKind::signal,
          .value = 11,
          .is_held = true,
          .is_truncated = true,
          .has_dumped_core = true,
          .usage = CommandUsage{.user = std::chrono::milliseconds(12),
                                .system = std::chrono::microseconds(3),
                                .memory_bytes = 1'234'567},
          .started = start,
          .ended = start + std::chrono::seconds(2),
          .duration = std::chrono::microseconds(1'999'999),
          .text = "SEGV"};
}

}  // namespace hotline::test
