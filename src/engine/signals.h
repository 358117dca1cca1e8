#pragma once

#include <initializer_list>
#include <span>
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
  static Result<Signals> block(std::span<const int> signals);

  Signals(Signals&&) noexcept = default;
  ~Signals();

  /// The next signal's number: suspends the fiber, or waits on the thread. Fails as every wait
  /// does, and with `resource_exhausted` if there is no memory for it.
  Result<int> wait();

 private:
  Signals(UniqueFd fd, std::vector<int> blocked)
      : channel_(std::make_unique<Channel>(std::move(fd))), blocked_(std::move(blocked)) {}

  std::unique_ptr<Channel> channel_;
  std::vector<int> blocked_;  ///< By this, and not before.
};

/// Returns those of `signals` that this process does not ignore. Who starts a program decides with
/// an ignored signal that it is not for the program, as nohup(1) does and a shell for background
/// jobs; a blocked signal would be read all the same.
std::vector<int> without_ignored(std::initializer_list<int> signals);

/// From now on a write fails, in the whole process, where a signal would kill: with EPIPE if no
/// reader is left (SIGPIPE), with EFBIG at the limit on the size of files (SIGXFSZ). A program's
/// own handler stays. Sockets never raise SIGPIPE here; pipes and terminals would.
void ignore_failed_writes();

/// SIGCHLD gets its default action if this process ignores it, for then the system throws away how
/// children end; a program's own handler stays, and SA_NOCLDWAIT goes.
void keep_ends_of_children();

}  // namespace hotline::engine
