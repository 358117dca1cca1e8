#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/process.h"
#include "hotline/net/socket_options.h"
#include "hotline/server/handler.h"

namespace hotline {

/// How the end of a reply is marked. The end of a request never is: one receive is one command.
/// docs/wire/command.md.
enum class CommandWire : std::uint8_t {
  plain,  ///< Not at all: it ends with the connection, or after a silence.
  ready,  ///< A decimal length; the caller answers `ready`; then the reply.
  i32,    ///< A signed length before it, 4 bytes, least significant first.
};

/// Returns the wire's name, as the option `wire` takes it.
std::string_view name_of(CommandWire wire);

/// Returns every wire, in the order of the enumerators.
std::span<const Choice> command_wire_names();

/// Returns the wire of that name. Fails with `invalid_argument`; the hint names all wires.
Result<CommandWire> parse_command_wire(std::string_view name);

/// How commands are run for callers, and answered.
struct CommandOptions {
  CommandWire wire = CommandWire::plain;
  std::size_t reply_max = 64 * 1024 * 1024;  ///< Of both outputs of a command together.
  Duration timeout = kNoTimeout;             ///< Of one command.
  Duration grace = std::chrono::seconds(1);  ///< How long it may go on once the caller has closed.
  std::string directory{};  ///< Where commands start; empty: in the home of this user, else in /.
  bool is_once = false;     ///< One command, then the call ends.
  bool is_exposed = false;  ///< Other machines may call: whoever reaches it can do whatever this
                            ///< program may.

  /// `defaults`, but for the options `wire`, `max` (reply_max), `timeout` and `cwd` (directory,
  /// which must begin with /), which it takes.
  static Result<CommandOptions> take_from(OptionTaker& taker, CommandOptions defaults);
};

/// The service: runs each request as `/bin/sh -c` does, and answers with what it wrote to standard
/// error, else to standard output, else with `操作成功`. Whatever is not a whole and true reply
/// breaks the call off: one over reply_max, a timeout, a command that cannot be launched. When the
/// caller goes the command and its whole tree are killed. `launcher` outlives the server.
Handler command_handler(Launcher& launcher, const CommandOptions& options = {});

/// The same, shaped by the options of the endpoint. Fails with `invalid_argument` if no command can
/// start in its directory.
HandlerMaker command_maker(Launcher& launcher, const CommandOptions& defaults = {});

}  // namespace hotline
