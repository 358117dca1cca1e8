#pragma once

#include <string>

#include "hotline/server/server.h"

namespace hotline::server {

struct ServerState;

/// What runs beside the calls of a server, and its name in logs.
struct Task {
  std::string name;
  ServerTask function;
};

/// Runs `task` until it returns. One that throws is counted, logged, and called again after a
/// pause; a drain or a cut ends the pause, and with it the task. Suspends the fiber.
void run_task(ServerState& state, const Task& task) noexcept;

}  // namespace hotline::server
