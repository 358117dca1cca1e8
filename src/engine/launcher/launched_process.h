#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "engine/channel.h"
#include "engine/launcher/launcher_wire.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// A program in the care of a keeper, as the server sees it: the ends of its pipes, or of its
/// terminal, and of the socket to the keeper. The keeper kills the tree when that socket is closed.
class LaunchedProcess final : public Process {
 public:
  /// The ends of the pipes, or of the terminal, must be non-blocking. A terminal is the output and,
  /// duplicated, the input; there is then no error.
  explicit LaunchedProcess(LaunchDescriptors ends);

  /// Waits until the program runs. `options` are used for the text of an error.
  Result<void> wait_for_start(const LaunchOptions& options);

  int pid() const override { return pid_; }
  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override;
  void close_output(OutputStream output) override;
  Result<std::size_t> write_some(Bytes bytes) override;
  void close_input() override;
  Result<void> resize(std::uint16_t rows, std::uint16_t columns) override;
  Result<void> send_signal(int signal) override;
  Result<ProcessEnd> wait() override;
  void kill() override;
  Result<void> finish() override;

 private:
  Channel& channel_of(OutputStream output) { return outputs_[static_cast<std::size_t>(output)]; }
  bool ends_at_once(OutputStream output) const {
    return has_terminal_ && output == OutputStream::standard_error;
  }
  void grow(OutputStream output);
  Result<void> check_running() const;
  void type(std::string_view text);

  std::array<Channel, 2> outputs_;
  std::array<bool, 2> has_grown_{};  ///< Their pipes.
  Channel input_;
  Channel status_;
  bool has_terminal_;
  char last_typed_ = '\n';  ///< A terminal begins with a new line.
  int pid_ = -1;
  std::optional<ProcessEnd> end_;
  bool has_left_ = false;  ///< The program left descendants when it ended.
};

}  // namespace hotline::engine
