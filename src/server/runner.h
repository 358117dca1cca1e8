#pragma once

#include <memory>
#include <vector>

#include "engine/event_loop.h"
#include "hotline/core/result.h"
#include "server/service.h"

namespace hotline::server {

/// Runs the calls: one class for each word of concurrency. It belongs to the control loop of
/// Server::run and is called from there.
class Runner {
 public:
  virtual ~Runner() = default;

  /// Starts accepting callers. `services` must outlive the runner.
  virtual Result<void> start(std::vector<Service>& services) = 0;

  /// Accepts the callers that already wait and no others; calls with nothing pending end.
  virtual void drain() = 0;

  /// Ends everything now.
  virtual void cut() = 0;

  /// Waits until everything has ended. Suspends the fiber.
  virtual void wait() = 0;
};

/// Returns the runner for `state.options.concurrency`; `control` must outlive it.
std::unique_ptr<Runner> make_runner(ServerState& state, engine::EventLoop& control);

/// Returns the number of loops for which each service must be bound, or 0 if all callers come
/// through one socket.
std::size_t loop_count(const ServerOptions& options);

/// Returns how many threads answer the datagrams of one socket: as many as there are for calls, at
/// most one for each core. With `threads` only.
std::size_t socket_thread_count(const ServerOptions& options);

}  // namespace hotline::server
