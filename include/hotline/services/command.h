#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/choice.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/process.h"
#include "hotline/net/socket_options.h"
#include "hotline/server/handler.h"
#include "hotline/services/remote_commands.h"

namespace hotline HOTLINE_PUBLIC {

/// How a command and its result are sent. All but the first are the wires of the socket course,
/// docs/wire/command.md: one receive is one command, a line for the shell, and only the end of its
/// reply is marked.
enum class CommandWire : std::uint8_t {
  hotline,  ///< The result is proven: docs/wire/remote.md.
  plain,    ///< The end is not marked: a reply ends with the connection, or after a silence.
  ready,    ///< A decimal length; the caller answers `ready`; then the reply.
  i32,      ///< A length precedes the reply: 4 bytes, signed, least significant first.
};

/// Returns the wire's name, as the option `wire` takes it.
std::string_view name_of(CommandWire wire);

/// Returns every wire, in the order of the enumerators.
std::span<const Choice> command_wire_names();

/// Returns the wire of that name. Fails with `invalid_argument`; the hint names all wires.
Result<CommandWire> parse_command_wire(std::string_view name);

/// How commands are run for callers, and answered.
struct CommandOptions {
  CommandWire wire = CommandWire::hotline;
  Duration timeout = kNoTimeout;  ///< How long one command may run.
  std::string directory{};  ///< The directory in which commands start; empty: the home of this
                            ///< user, or / without one.
  bool is_once = false;     ///< On the wires of the course, the call ends after one command.
  bool is_exposed = false;  ///< Other machines may call. Every caller can then do everything that
                            ///< this program may do.

  // The wires of the course.

  std::size_t reply_max =
      64 * 1024 * 1024;  ///< The most bytes of both outputs of a command together.
  Duration grace = std::chrono::seconds(1);  ///< How long it may still run after the caller closed.

  // The wire `hotline`: see RemoteCommandsOptions.

  std::optional<std::uint64_t> output_max{};
  std::size_t commands_max = 1'536;
  std::optional<std::size_t> commands_per_caller_max{};
  std::size_t jobs_max = 64;
  std::optional<std::size_t> jobs_per_caller_max{};
  std::vector<std::string> variables{"*"};
  std::function<void(const CommandRecord&)> audit{};

  /// Returns `defaults` with the values of the options `wire` and `max` (reply_max, or output_max
  /// on the wire `hotline`), and of a server's `timeout`, `cwd` (directory, which must begin with
  /// /), and, on the wire `hotline`, `commands`, `commands-per-caller`, `jobs`, `jobs-per-caller`
  /// and `env` (variables), which it takes.
  static Result<CommandOptions> take_from(OptionTaker& taker, CommandOptions defaults);
};

/// Returns the handler of the service. On the wire `hotline` it is remote_commands(). On the others
/// it runs each request as `/bin/sh -c` does, and answers with the command's standard error, or its
/// standard output, or `操作成功` if both are empty. It breaks the call off if it cannot send a
/// whole and true reply: a reply over reply_max, a timeout, a command that cannot be launched. When
/// the caller hangs up, the command and its whole process tree are killed. `launcher` must outlive
/// the server.
Handler command_handler(Launcher& launcher, const CommandOptions& options = {});

/// Same as above, with the options of the endpoint. Fails with `invalid_argument` if no command can
/// start in the directory.
HandlerMaker command_maker(Launcher& launcher, const CommandOptions& defaults = {});

}  // namespace hotline
