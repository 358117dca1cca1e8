#pragma once

#include <sys/types.h>

#include "engine/launcher/launch_request.h"
#include "engine/launcher/launcher_wire.h"

namespace hotline::engine {

/// What to start. `request.environment` is the complete environment. Without a directory the
/// program runs in its HOME, or in / if there is none. The descriptors must be above the standard
/// ones.
struct ProgramStart {
  const LaunchRequest& request;
  int output;
  int error;  ///< If -1, `output` is a terminal: its controlling one and all its standard streams.
  int input = -1;  ///< If -1, it inherits standard input from this process.
};

/// The process of the program, or the reason why there is none.
struct StartedProgram {
  pid_t pid = -1;
  LaunchStatus status;
};

/// Starts a program as a child of this process and leader of a session of its own. All its signals
/// have their default actions and none is blocked; it has only the standard descriptors. Returns
/// when the program runs. The program is killed when this process, which must have one thread,
/// ends.
StartedProgram start_program(const ProgramStart& start);

}  // namespace hotline::engine
