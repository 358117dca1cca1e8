#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "engine/channel.h"
#include "engine/interrupter.h"
#include "engine/operations/wait_process.h"
#include "hotline/core/result.h"

namespace hotline::engine {

/// A process that is forked from this one, runs one function and exits. The destructor kills and
/// reaps it.
class ChildProcess {
 public:
  /// How the process ended, and what its function returned if it got that far.
  struct Outcome {
    ProcessEnd end;
    std::string report;
  };

  static constexpr std::size_t kReportBytesMax = 4096;

  /// Forks. In the child `body` runs on the thread's own stack and on a blocking engine that
  /// `interrupter` can interrupt. The child has the descriptors in `kept` and the three standard
  /// ones, and no others. It is killed when the parent dies. The signals that the parent waits for
  /// stay blocked in it, so that after a signal to the whole process group (from a service manager)
  /// the parent drains its children. The result of `body` is the report, cut at kReportBytesMax.
  /// Call it only on a fiber. The child has only the thread that called: what another thread has
  /// locked at that moment, other than memory of malloc(3), is locked for ever in it. Throws
  /// std::bad_alloc, in the parent.
  static Result<ChildProcess> fork(Interrupter& interrupter, std::span<const int> kept,
                                   const std::function<std::string()>& body);

  ChildProcess(ChildProcess&&) noexcept = default;
  ~ChildProcess();

  /// Waits for the process to end, and reaps it. Suspends the fiber.
  Result<Outcome> wait();

 private:
  ChildProcess(UniqueFd pidfd, UniqueFd reports)
      : pidfd_(std::make_unique<Channel>(std::move(pidfd))), reports_(std::move(reports)) {}

  std::unique_ptr<Channel> pidfd_;
  UniqueFd reports_;
  bool is_reaped_ = false;
};

}  // namespace hotline::engine
