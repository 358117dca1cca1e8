#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"

// How a remote command ended: docs/wire/remote.md.

namespace hotline HOTLINE_PUBLIC {

/// How a command ended.
enum class ExitKind : std::uint8_t {
  code,             ///< It exited. CommandExit::value is its exit status, 0 to 255.
  signal,           ///< A signal ended it. The value is the number of the signal at the server.
  timed_out,        ///< The server killed it at its timeout.
  cancelled,        ///< The server killed it because the client asked for it.
  output_limit,     ///< The server killed it because it wrote more than its limit.
  lost,             ///< Unknown: the server's own parent process of the command died.
  server_ended,     ///< The server killed it because the server itself ended.
  could_not_start,  ///< It never ran. The value is 127 if there is no such program, otherwise 126.
                    ///< The client makes this of a refusal; a server never sends it.
};

/// Returns its name as JSON shows it: `timed_out`.
std::string_view name_of(ExitKind kind);

/// What a command and the descendants for which it waited have used.
struct CommandUsage {
  Duration user{};                 ///< Processor time in the program.
  Duration system{};               ///< Processor time in the kernel.
  std::uint64_t memory_bytes = 0;  ///< The most resident memory of one of the processes.

  bool operator==(const CommandUsage&) const = default;
};

/// How a command ended, and what it used. A value. A default one is `lost`, so that it never looks
/// like a success.
struct CommandExit {
  ExitKind kind = ExitKind::lost;
  int value = 0;                 ///< See ExitKind; 0 for kinds that do not mention it.
  bool is_held = false;          ///< A descendant still had an output open when reading stopped.
  bool is_truncated = false;     ///< Output was dropped at the limit.
  bool has_dumped_core = false;  ///< Only with `signal`.
  std::optional<CommandUsage> usage{};
  std::optional<std::chrono::system_clock::time_point> started{};  ///< By the server's clock.
  std::optional<std::chrono::system_clock::time_point> ended{};    ///< By the server's clock.
  std::optional<Duration> duration{};  ///< By the server's monotonic clock.
  std::string text{};  ///< From the server, and untrusted. With `signal`, its name: `TERM`.

  /// Returns true only if the command exited with status 0.
  bool is_success() const { return kind == ExitKind::code && value == 0; }

  /// Returns the status with which a program in place of the command ends, as a shell does: the
  /// exit status, 128 and the number of the signal, the value of `could_not_start`, otherwise 255.
  /// Never 0 unless is_success().
  int status() const;

  /// Returns what happened in a few words: `exit status 3`, `ended by signal TERM (15)`.
  std::string describe() const;

  bool operator==(const CommandExit&) const = default;
};

}  // namespace hotline
