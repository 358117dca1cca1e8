#pragma once

#include <string>

#include "hotline/server/server.h"
#include "server/running_count.h"

namespace hotline::server {

struct ServerState;

/// A function that runs beside the calls of a server, and its name in logs.
struct Task {
  std::string name;
  ServerTask function;
  TaskStatus status{};
  RunningCount running{};
};

/// Runs `task` until it returns. If it throws, that is counted and logged, and it is called again
/// after a pause; a drain or a cut during the pause ends it. Suspends the fiber.
void run_task(ServerState& state, const Task& task) noexcept;

}  // namespace hotline::server
