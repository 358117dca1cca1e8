#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/standard_streams.h"

// What a client of the wire `hotline` asks a server of commands to run: docs/wire/remote.md.

namespace hotline HOTLINE_PUBLIC {

/// A program and its arguments. No shell sees them, and they are never joined. A name without `/`
/// is looked up in the server's PATH.
struct CommandWords {
  std::vector<std::string> words;

  bool operator==(const CommandWords&) const = default;
};

/// A line for the server's `/bin/sh`. It is never taken apart.
struct ShellLine {
  std::string line;

  bool operator==(const ShellLine&) const = default;
};

/// An interactive shell of the server's user. It needs a terminal.
struct LoginShell {
  bool operator==(const LoginShell&) const = default;
};

/// What to run. The kinds never turn into each other.
using RemoteProgram = std::variant<CommandWords, ShellLine, LoginShell>;

/// A variable of a command's environment.
struct RemoteVariable {
  std::string name;
  std::string value;

  bool operator==(const RemoteVariable&) const = default;
};

/// A pseudo-terminal for a command. Its whole output is then standard output.
struct RemoteTerminal {
  TerminalSize size{.columns = 80, .rows = 24};  ///< Each is 1 to 65,535.
  std::string name = "dumb";  ///< The value of TERM: 1 to 64 letters, digits, `+`, `-`, `.`, `_`.

  bool operator==(const RemoteTerminal&) const = default;
};

/// What happens to a command that writes more than its limit.
enum class OutputExcess : std::uint8_t {
  kill,      ///< It is killed: ExitKind::output_limit.
  truncate,  ///< The rest of its output is dropped: CommandExit::is_truncated.
};

/// Where the standard input of a command comes from.
enum class CommandInput : std::uint8_t {
  none,    ///< It is empty.
  stream,  ///< From the client.
};

/// Chosen by the client for one command: a server that has the key already does not run the command
/// again. Random.
using RunKey = std::array<std::byte, 16>;

/// The longest word or shell line that Linux passes to a program.
inline constexpr std::size_t kCommandWordMax = 131'071;

/// The longest request: all words, variables and so on, and a few bytes for each.
inline constexpr std::size_t kCommandRequestMax = (256U << 10) - 2;

inline constexpr std::size_t kCommandDirectoryMax = 4'095;
inline constexpr std::size_t kCommandLabelMax = 128;
inline constexpr std::size_t kTerminalNameMax = 64;

/// The longest timeout and keep.
inline constexpr Duration kCommandTimeMax = std::chrono::days(36'500);

/// A command for a server, and how it is to be run. A value.
///
///     RemoteCommand command{.program = CommandWords{{"uname", "-a"}}};
///     command.timeout = 10s;
struct RemoteCommand {
  RemoteProgram program{};
  std::string directory{};  ///< An absolute path; empty: the server chooses, as its page says.
  std::vector<RemoteVariable> environment{};  ///< Added to the server's clean environment.
  Duration timeout = kNoTimeout;              ///< How long it may run. Rounded up to milliseconds.
  std::optional<std::uint64_t> output_max{};  ///< Bytes of both outputs together. The server may
                                              ///< have a lower limit.
  OutputExcess on_excess = OutputExcess::kill;
  std::optional<RemoteTerminal> terminal{};
  CommandInput input = CommandInput::none;

  /// How long the command may run on, and its result is kept, while no client is attached. Absent:
  /// it is killed when the connection is lost. Rounded up to milliseconds.
  std::optional<Duration> keep{};

  /// The command starts as a job to which no client is attached. It gets no input.
  bool is_detached = false;

  std::optional<RunKey> key{};
  std::string label{};  ///< For people, in lists of jobs; any text.

  /// Fails with `invalid_argument` if the server could not run this as it is: no program, a NUL, an
  /// invalid name of a variable, a limit that is out of range, a combination that is not allowed.
  /// Fails with `permission_denied` for a variable that no server accepts, and with `too_large` for
  /// a word or request over the limit. The hint says what to do.
  Result<void> check() const;

  bool operator==(const RemoteCommand&) const = default;
};

}  // namespace hotline
