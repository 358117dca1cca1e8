#include "hotline/services/command.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/core/ascii.h"
#include "hotline/core/bytes.h"
#include "hotline/engine/task_group.h"
#include "services/allowed_variables.h"
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

Handler course_handler(Launcher& launcher, const CommandOptions& options) {
  CommandOptions bounded = options;
  bounded.reply_max = std::min(options.reply_max, services::kReplyMax);
  return [&launcher, bounded](Stream& call) { answer_commands(call, launcher, bounded); };
}

Handler remote_handler(Launcher& launcher, const CommandOptions& options) {
  return remote_commands(launcher, {.commands_max = options.commands_max,
                                    .commands_per_caller_max = options.commands_per_caller_max,
                                    .timeout_max = options.timeout,
                                    .output_max = options.output_max,
                                    .directory = options.directory,
                                    .variables = options.variables,
                                    .jobs_max = options.jobs_max,
                                    .jobs_per_caller_max = options.jobs_per_caller_max,
                                    .audit = options.audit});
}

/// Takes the limit of an output, which has another meaning on each kind of wire.
Result<void> take_size(OptionTaker& taker, CommandOptions& options) {
  constexpr std::size_t kOutputMax = std::size_t{1} << 62;
  const bool is_remote = options.wire == CommandWire::hotline;
  const auto max = taker.take_number("max", 1, is_remote ? kOutputMax : services::kReplyMax);
  if (!max) return fail(max.error());
  if (*max && is_remote) options.output_max = **max;
  if (*max && !is_remote) options.reply_max = **max;
  return {};
}

/// Returns the names and beginnings of names in `list`, or nullopt if it is not a list of these.
std::optional<std::vector<std::string>> variable_names(std::string_view list) {
  if (list.empty()) return std::nullopt;
  if (list == "none") return std::vector<std::string>();
  std::vector<std::string> names;
  for (const auto each : std::views::split(list, ',')) {
    const std::string_view name(each);
    const std::string_view letters = name.ends_with('*') ? name.substr(0, name.size() - 1) : name;
    const bool is_name =
        std::ranges::all_of(letters, [](char c) { return is_ascii_alphanumeric(c) || c == '_'; });
    if (name.empty() || !is_name) return std::nullopt;
    names.emplace_back(name);
  }
  return names;
}

/// Takes a limit and the share of it that each caller may have, as `NAME` and `NAME-per-caller`.
Result<void> take_limit(OptionTaker& taker, const std::string& name, std::size_t all_min,
                        std::size_t& all_max, std::optional<std::size_t>& each_max) {
  const auto all = taker.take_number(name, all_min, services::kCommandsMax, Side::server);
  if (!all) return fail(all.error());
  all_max = all->value_or(all_max);
  const auto each =
      taker.take_number(name + "-per-caller", 1, services::kCommandsMax, Side::server);
  if (!each) return fail(each.error());
  if (*each && **each > all_max) {
    return fail(taker.refuse("the option '" + name + "-per-caller' is more than '" + name + "', " +
                                 std::to_string(all_max),
                             "give a caller at most all of them"));
  }
  if (*each) each_max = **each;
  return {};
}

/// Takes the options that only the wire `hotline` has.
Result<void> take_remote(OptionTaker& taker, CommandOptions& options) {
  auto taken =
      take_limit(taker, "commands", 1, options.commands_max, options.commands_per_caller_max);
  if (taken) taken = take_limit(taker, "jobs", 0, options.jobs_max, options.jobs_per_caller_max);
  if (!taken) return taken;
  const auto list = taker.take("env", Side::server);
  if (!list) return fail(list.error());
  if (!*list) return {};
  auto names = variable_names(**list);
  if (!names) {
    return fail(taker.refuse("the option 'env' is not a list of variables",
                             "write env=LC_*,TZ, or env=none"));
  }
  const auto refused = std::ranges::find_if(*names, services::is_refused_pattern);
  if (refused != names->end()) {
    return fail(taker.refuse("no server accepts the variable " + *refused + " of the option 'env'",
                             "leave it out; a command can set it itself, with env(1)"));
  }
  options.variables = *std::move(names);
  return {};
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
  if (auto taken = take_size(taker, options); !taken) return fail(std::move(taken.error()));
  const auto timeout = taker.take_duration("timeout", Side::server);
  if (!timeout) return fail(timeout.error());
  options.timeout = timeout->value_or(options.timeout);
  auto directory = taker.take("cwd", Side::server);
  if (!directory) return fail(std::move(directory.error()));
  if (*directory && !(*directory)->starts_with('/')) {
    return fail(taker.refuse("the option 'cwd' does not begin with /", "write cwd=/srv/work"));
  }
  options.directory = std::move(*directory).value_or(std::move(options.directory));
  if (options.wire != CommandWire::hotline) return options;
  if (auto taken = take_remote(taker, options); !taken) return fail(std::move(taken.error()));
  return options;
}

Handler command_handler(Launcher& launcher, const CommandOptions& options) {
  Handler handler = options.wire == CommandWire::hotline ? remote_handler(launcher, options)
                                                         : course_handler(launcher, options);
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
