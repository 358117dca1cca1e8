#pragma once

#include <initializer_list>
#include <vector>

#include "engine/channel.h"
#include "hotline/core/result.h"

namespace hotline::engine {

/// Signals as something to wait for: blocked in this thread and those it starts later, read from a
/// signalfd(2). Nothing runs in a signal handler. They have their own effect again in the thread
/// in which this goes.
class Signals {
 public:
  /// Call before other threads start. Fails with `resource_exhausted` if no descriptor is left.
  static Result<Signals> block(std::initializer_list<int> signals);

  Signals(Signals&&) noexcept = default;
  ~Signals();

  /// The next signal's number: suspends the fiber, or waits on the thread. Fails as every wait
  /// does.
  Result<int> wait();

 private:
  Signals(UniqueFd fd, std::vector<int> blocked)
      : channel_(std::make_unique<Channel>(std::move(fd))), blocked_(std::move(blocked)) {}

  std::unique_ptr<Channel> channel_;
  std::vector<int> blocked_;  ///< By this, and not before.
};

/// Writes to a peer that has gone fail with EPIPE from now on, in the whole process, in place of
/// the signal that kills; a program's own handler stays. Sockets never raise it here; pipes and
/// terminals would.
void ignore_broken_pipes();

}  // namespace hotline::engine
