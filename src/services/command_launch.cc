#include "services/command_launch.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace hotline::services {
namespace {

std::vector<std::string> arguments_of(const RemoteProgram& program) {
  if (const auto* const words = std::get_if<CommandWords>(&program)) return words->words;
  if (const auto* const shell = std::get_if<ShellLine>(&program)) {
    return {"/bin/sh", "-c", "--", shell->line};
  }
  // The launcher's environment has the shell of the user.
  return {"/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\" -i"};
}

}  // namespace

LaunchOptions launch_options(const RemoteCommand& command, const std::string& directory) {
  LaunchOptions launch;
  launch.arguments = arguments_of(command.program);
  launch.directory = command.directory.empty() ? directory : command.directory;
  for (const RemoteVariable& each : command.environment) {
    // The terminal says what it is.
    if (command.terminal && each.name == "TERM") continue;
    launch.environment.push_back(each.name + "=" + each.value);
  }
  if (command.terminal) {
    launch.terminal =
        TerminalOptions{.rows = static_cast<std::uint16_t>(command.terminal->size.rows),
                        .columns = static_cast<std::uint16_t>(command.terminal->size.columns),
                        .type = command.terminal->name};
  } else if (command.input == CommandInput::stream) {
    launch.input = ProcessInput::pipe;
  }
  return launch;
}

CommandBounds command_bounds(const RemoteCommand& command, const RemoteCommandsOptions& options,
                             const ClockReading& begun) {
  CommandBounds bounds{.begun = begun,
                       .timeout = std::min(command.timeout, options.timeout_max),
                       .output_max = command.output_max,
                       .on_excess = command.on_excess};
  const auto& most = options.output_max;
  if (most) bounds.output_max = std::min(*most, command.output_max.value_or(*most));
  return bounds;
}

}  // namespace hotline::services
