#pragma once

#include <array>
#include <optional>

#include "engine/channel.h"
#include "engine/launcher/launcher_wire.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// A program in the care of a keeper, as the server sees it: the ends of its pipes and of the
/// socket to the keeper. The keeper kills the tree when that socket is closed.
class LaunchedProcess final : public Process {
 public:
  /// The ends of the pipes must be non-blocking.
  explicit LaunchedProcess(LaunchDescriptors ends);

  /// Waits until the program runs. `options` are used for the text of an error.
  Result<void> wait_for_start(const LaunchOptions& options);

  int pid() const override { return pid_; }
  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override;
  void close_output(OutputStream output) override { channel_of(output).close(); }
  Result<std::size_t> write_some(Bytes bytes) override;
  void close_input() override { input_.close(); }
  Result<void> send_signal(int signal) override;
  Result<ProcessEnd> wait() override;
  void kill() override;
  Result<void> finish() override;

 private:
  Channel& channel_of(OutputStream output) { return outputs_[static_cast<std::size_t>(output)]; }
  Result<void> check_running() const;

  std::array<Channel, 2> outputs_;
  Channel input_;
  Channel status_;
  int pid_ = -1;
  std::optional<ProcessEnd> end_;
  bool has_left_ = false;  ///< The program left descendants when it ended.
};

}  // namespace hotline::engine
