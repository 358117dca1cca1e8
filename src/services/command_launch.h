#pragma once

#include "hotline/engine/process.h"
#include "hotline/services/remote_command.h"
#include "hotline/services/remote_commands.h"
#include "services/command_process.h"

namespace hotline::services {

/// Returns how to launch a command; it starts in `directory` if it names none.
LaunchOptions launch_options(const RemoteCommand& command, const std::string& directory);

/// Returns the limits of a command that was asked for at `begun`: its own, within the server's.
CommandBounds command_bounds(const RemoteCommand& command, const RemoteCommandsOptions& options,
                             const ClockReading& begun);

}  // namespace hotline::services
