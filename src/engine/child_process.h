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

/// A process forked from this one that runs one function and then exits. Killed and reaped when
/// this goes.
class ChildProcess {
 public:
  /// How it ended and what its function had returned, if it came to that.
  struct Outcome {
    ProcessEnd end;
    std::string report;
  };

  static constexpr std::size_t kReportBytesMax = 4096;

  /// Forks. `body` runs in the child on the thread's own stack and on a blocking engine that
  /// `interrupter` ends; it has the descriptors `kept`, standard input, output and error, and no
  /// others; the parent's death is a SIGKILL, and the signals that the parent waits for stay
  /// blocked, so that one for the whole group (a service manager's) leaves it to the parent to
  /// drain its children. What it returns is the report, cut at kReportBytesMax. Only from a fiber,
  /// in a process with one thread.
  static Result<ChildProcess> fork(Interrupter& interrupter, std::span<const int> kept,
                                   const std::function<std::string()>& body);

  ChildProcess(ChildProcess&&) noexcept = default;
  ~ChildProcess();

  /// Waits for the end, and reaps. Suspends the fiber.
  Result<Outcome> wait();

 private:
  ChildProcess(UniqueFd pidfd, UniqueFd reports)
      : pidfd_(std::make_unique<Channel>(std::move(pidfd))), reports_(std::move(reports)) {}

  std::unique_ptr<Channel> pidfd_;
  UniqueFd reports_;
  bool is_reaped_ = false;
};

}  // namespace hotline::engine
