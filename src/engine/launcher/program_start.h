#pragma once

#include <sys/types.h>

#include "engine/launcher/launch_request.h"
#include "engine/launcher/launcher_wire.h"

namespace hotline::engine {

/// What to start; `request.environment` is all that it gets. Without a directory it runs in its
/// HOME, or in / if there is none. Standard input, which must be an empty one, is this process's.
struct ProgramStart {
  const LaunchRequest& request;
  int output;
  int error;
};

/// The program's process, or why there is none.
struct StartedProgram {
  pid_t pid = -1;
  LaunchStatus status;
};

/// Starts a program as a child of this process and leader of a session of its own, with every
/// signal at its default and none blocked, and no descriptors but the standard ones. Returns when
/// the program runs. It is killed when this process, which must have one thread, ends.
StartedProgram start_program(const ProgramStart& start);

}  // namespace hotline::engine
