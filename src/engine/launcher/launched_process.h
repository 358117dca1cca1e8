#pragma once

#include <array>
#include <optional>

#include "engine/channel.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// A program that a keeper holds, as the server sees it: the ends of two pipes and of the socket to
/// the keeper, which sees to the end of the tree when they are closed.
class LaunchedProcess final : public Process {
 public:
  LaunchedProcess(UniqueFd output, UniqueFd error, UniqueFd status)
      : outputs_{Channel(std::move(output)), Channel(std::move(error))},
        status_(std::move(status)) {}

  /// Waits until the program runs. `program` and `directory` are for the error.
  Result<void> wait_for_start(const LaunchOptions& options);

  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override;
  Result<ProcessEnd> wait() override;
  void kill() override;
  Result<void> finish() override;

 private:
  std::array<Channel, 2> outputs_;
  Channel status_;
  std::optional<ProcessEnd> end_;
  bool has_left_ = false;  ///< Descendants, when it ended.
};

}  // namespace hotline::engine
