#pragma once

#include <sys/types.h>

#include "hotline/core/unique_fd.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// The server's end of a launcher.
class ProcessLauncher final : public Launcher {
 public:
  /// `pid`: the launcher, a child of this process.
  ProcessLauncher(pid_t pid, UniqueFd requests);
  ~ProcessLauncher() override;

  Result<std::unique_ptr<Process>> launch(const LaunchOptions& options) override;
  Error wait_dead() override;
  int descriptor() const override { return requests_.get(); }

  /// Returns the process id of the launcher.
  pid_t pid() const { return pid_; }

 private:
  pid_t owner_;
  pid_t pid_;
  UniqueFd requests_;
};

}  // namespace hotline::engine
