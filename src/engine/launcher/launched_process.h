#pragma once

#include <array>
#include <optional>

#include "engine/channel.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// A program in the care of a keeper, as the server sees it: the ends of two pipes and of the
/// socket to the keeper. The keeper kills the tree when they are closed.
class LaunchedProcess final : public Process {
 public:
  LaunchedProcess(UniqueFd output, UniqueFd error, UniqueFd status)
      : outputs_{Channel(std::move(output)), Channel(std::move(error))},
        status_(std::move(status)) {}

  /// Waits until the program runs. `options` are used for the text of an error.
  Result<void> wait_for_start(const LaunchOptions& options);

  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override;
  Result<ProcessEnd> wait() override;
  void kill() override;
  Result<void> finish() override;

 private:
  std::array<Channel, 2> outputs_;
  Channel status_;
  std::optional<ProcessEnd> end_;
  bool has_left_ = false;  ///< The program left descendants when it ended.
};

}  // namespace hotline::engine
