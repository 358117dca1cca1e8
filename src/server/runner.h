#pragma once

#include <memory>
#include <vector>

#include "engine/event_loop.h"
#include "hotline/core/result.h"
#include "server/service.h"

namespace hotline::server {

/// How calls run: one kind for each word of concurrency. Lives on the control loop of Server::run
/// and is called from there.
class Runner {
 public:
  virtual ~Runner() = default;

  /// Begins to take callers. `services` outlive the runner.
  virtual Result<void> start(std::vector<Service>& services) = 0;

  /// No new callers once nobody waits; calls with nothing pending end.
  virtual void drain() = 0;

  /// Ends everything now.
  virtual void cut() = 0;

  /// Waits until everything has ended. Suspends the fiber.
  virtual void wait() = 0;
};

/// The runner for `shared.options.concurrency`; `control` outlives it.
std::unique_ptr<Runner> make_runner(Shared& shared, engine::EventLoop& control);

/// For how many loops each service must be bound: 0 where all callers come through one socket.
std::size_t loop_count(const ServerOptions& options);

}  // namespace hotline::server
