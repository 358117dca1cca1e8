#include "hotline/services/command.h"

#include <algorithm>
#include <string>
#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/task_group.h"
#include "services/command_session.h"
#include "services/command_wire.h"

namespace hotline {
namespace {

using services::CommandSession;

/// A command and its caller are watched at once, so the whole call runs on a loop: the thread's, or
/// one of its own.
void answer_commands(Stream& call, Launcher& launcher, const CommandOptions& options) {
  TaskGroup group;
  const auto spawned =
      group.spawn("commands", [&] { CommandSession(call, launcher, options).converse(); });
  if (!spawned) return call.abort();
  discard(group.join());
}

/// Checks whether a command can start there, before there are callers.
Result<void> start_nothing(Launcher& launcher, const std::string& directory) {
  if (directory.empty()) return {};
  const auto started =
      launcher.launch({.arguments = {"/bin/sh", "-c", ":"}, .directory = directory});
  if (!started) return fail(started.error());
  return {};
}

}  // namespace

Result<CommandOptions> CommandOptions::take_from(OptionTaker& taker, CommandOptions options) {
  const auto wire = taker.take("wire");
  if (!wire) return fail(wire.error());
  if (*wire) {
    const auto parsed = parse_command_wire(**wire);
    if (!parsed) return fail(taker.refuse(parsed.error().message(), parsed.error().hint()));
    options.wire = *parsed;
  }
  const auto reply_max = taker.take_number("max", 1, services::kReplyMax);
  if (!reply_max) return fail(reply_max.error());
  options.reply_max = reply_max->value_or(options.reply_max);
  const auto timeout = taker.take_duration("timeout", Side::server);
  if (!timeout) return fail(timeout.error());
  options.timeout = timeout->value_or(options.timeout);
  auto directory = taker.take("cwd", Side::server);
  if (!directory) return fail(std::move(directory.error()));
  if (*directory && !(*directory)->starts_with('/')) {
    return fail(taker.refuse("the option 'cwd' does not begin with /", "write cwd=/srv/work"));
  }
  options.directory = std::move(*directory).value_or(std::move(options.directory));
  return options;
}

Handler command_handler(Launcher& launcher, const CommandOptions& options) {
  CommandOptions bounded = options;
  bounded.reply_max = std::min(options.reply_max, services::kReplyMax);
  Handler handler([&launcher, bounded](Stream& call) { answer_commands(call, launcher, bounded); });
  if (!options.is_exposed) handler.only_local();
  handler.only_owner();
  handler.needs([&launcher] { return launcher.wait_dead(); });
  return handler.keep(launcher.descriptor());
}

HandlerMaker command_maker(Launcher& launcher, const CommandOptions& defaults) {
  return [&launcher, defaults](OptionTaker& taker) -> Result<Handler> {
    auto options = CommandOptions::take_from(taker, defaults);
    if (!options) return fail(std::move(options.error()));
    const auto started = start_nothing(launcher, options->directory);
    if (!started) return fail(taker.refuse(started.error().message(), started.error().hint()));
    return command_handler(launcher, *options);
  };
}

}  // namespace hotline
