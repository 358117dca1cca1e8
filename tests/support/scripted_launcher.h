#pragma once

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/process.h"

namespace hotline::test {

/// What a simulated program does.
struct Script {
  struct Step {
    Duration pause{};  ///< After the step before it.
    OutputStream output = OutputStream::standard_output;
    std::string bytes{};
  };

  std::vector<Step> steps{};
  Duration pause{};  ///< After the last step.
  ProcessEnd end{.exit_status = 0, .signal = 0};
  bool lasts = false;              ///< Until it is killed, or until release() of the launcher.
  std::optional<Error> refusal{};  ///< The error of its launch; nullopt: it is launched.
  std::optional<Error> loss{};     ///< The error of its keeper; nullopt: the keeper stays.
  bool echoes_input = false;  ///< To standard output, after its steps. Ends after its input's end.
  std::size_t input_max = SIZE_MAX;  ///< The bytes of input that it takes; then writes wait.
};

/// What was done to the scripts of a launcher, in order.
struct Dealings {
  LaunchOptions options;                   ///< The last launch.
  std::string input;                       ///< What was written to all of them.
  std::vector<int> signals;                ///< What was sent to all of them.
  std::vector<std::pair<int, int>> sizes;  ///< The rows and columns that terminals got.
};

inline Script saying(std::string output, std::string error = {}) {
  return {.steps = {{.bytes = std::move(output)},
                    {.output = OutputStream::standard_error, .bytes = std::move(error)}}};
}

/// Launches scripts instead of programs, on any engine. Any thread.
class ScriptedLauncher final : public Launcher {
 public:
  /// `find` returns the script for a shell's line.
  explicit ScriptedLauncher(std::function<Script(const std::string& line)> find)
      : find_(std::move(find)) {}

  Result<std::unique_ptr<Process>> launch(const LaunchOptions& options) override;

  /// Waits until so many have been launched, or have ended, since the beginning.
  void wait_launched(int count) const { wait_for(launched_, count); }
  void wait_gone(int count) const { wait_for(gone_, count); }

  Dealings dealings() const {
    const std::lock_guard lock(mutex_);
    return dealings_;
  }

  int launched() const { return launched_; }
  int running() const { return launched_ - gone_; }

  /// Ends the scripts that last until released.
  void release() { is_released_ = true; }

 private:
  class Run;

  static void wait_for(const std::atomic<int>& counter, int count) {
    for (int seen = counter; seen < count; seen = counter) counter.wait(seen);
  }
  static void count(std::atomic<int>& counter) {
    ++counter;
    counter.notify_all();
  }

  std::function<Script(const std::string& line)> find_;
  std::atomic<int> launched_ = 0;
  std::atomic<int> gone_ = 0;
  std::atomic<bool> is_released_ = false;
  mutable std::mutex mutex_;
  Dealings dealings_;
};

class ScriptedLauncher::Run final : public Process {
 public:
  Run(ScriptedLauncher& launcher, Script script, const LaunchOptions& options)
      : launcher_(launcher),
        script_(std::move(script)),
        has_terminal_(options.terminal.has_value()),
        has_input_(options.input == ProcessInput::pipe || options.terminal),
        ends_(now()) {
    for (const Script::Step& step : script_.steps) times_.push_back(ends_ += step.pause);
    ends_ += script_.pause;
    count(launcher_.launched_);
    pid_ = launcher_.launched_;
  }
  ~Run() override { count(launcher_.gone_); }

  int pid() const override { return pid_; }

  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override {
    const auto position = static_cast<std::size_t>(output);
    if (is_closed_[position]) return fail(closed("read"));
    std::size_t skipped = read_[position];
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const Script::Step& step = script_.steps[i];
      if (step.output != output) continue;
      if (skipped >= step.bytes.size()) {
        skipped -= step.bytes.size();
        continue;
      }
      if (auto waited = wait_until(times_[i]); !waited) return fail(waited.error());
      if (killed_at_ < times_[i]) return 0;
      const std::size_t size = std::min(into.size(), step.bytes.size() - skipped);
      std::memcpy(into.data(), step.bytes.data() + skipped, size);
      read_[position] += size;
      return size;
    }
    if (output == OutputStream::standard_output && script_.echoes_input) return read_echo(into);
    if (auto waited = wait_end(); !waited) return fail(waited.error());
    return 0;
  }
  void close_output(OutputStream output) override {
    is_closed_[static_cast<std::size_t>(output)] = true;
  }

  Result<std::size_t> write_some(Bytes bytes) override {
    const auto may_go_on = [&] { return !has_input_ || has_ended() || taken_ < script_.input_max; };
    if (auto waited = wait_for(may_go_on); !waited) return fail(waited.error());
    if (!has_input_ || has_ended()) return fail(closed("write"));
    const std::size_t size = std::min(bytes.size(), script_.input_max - taken_);
    const std::string text(as_text(bytes.first(size)));
    taken_ += size;
    echo_ += text;
    const std::lock_guard lock(launcher_.mutex_);
    launcher_.dealings_.input += text;
    return size;
  }
  void close_input() override { has_input_ = false; }
  Result<void> resize(std::uint16_t rows, std::uint16_t columns) override {
    if (!has_terminal_) return Process::resize(rows, columns);
    const std::lock_guard lock(launcher_.mutex_);
    launcher_.dealings_.sizes.emplace_back(rows, columns);
    return {};
  }

  /// Ends the script, except for the signals that a program ignores by default.
  Result<void> send_signal(int signal) override {
    if (has_ended()) return fail(closed("signal"));
    const bool is_ignored =
        signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
    if (!is_ignored) end_by(signal);
    const std::lock_guard lock(launcher_.mutex_);
    launcher_.dealings_.signals.push_back(signal);
    return {};
  }

  Result<ProcessEnd> wait() override {
    if (auto waited = wait_end(); !waited) return fail(waited.error());
    if (script_.loss) return fail(*script_.loss);
    const bool is_killed = killed_at_ < Instant::max();
    return is_killed ? ProcessEnd{.exit_status = -1, .signal = signal_} : script_.end;
  }

  void kill() override { end_by(SIGKILL); }

 private:
  static Error closed(std::string_view operation) {
    return make_error(ErrorKind::closed, operation, {}, {});
  }

  bool has_ended() const {
    const bool is_held =
        (script_.lasts && !launcher_.is_released_) || (script_.echoes_input && has_input_);
    return killed_at_ <= now() || (ends_ <= now() && !is_held);
  }
  void end_by(int signal) {
    if (has_ended()) return;
    killed_at_ = now();
    signal_ = signal;
  }

  /// Waits in slices, because nothing else that happens can wake this wait.
  template <typename Condition>
  Result<void> wait_for(Condition is_true, Instant when = Instant::max()) const {
    while (!is_true()) {
      const Duration left = when > now() ? when - now() : Duration::max();
      const Duration slice = std::min<Duration>(left, std::chrono::milliseconds(5));
      if (auto slept = sleep_for(slice); !slept) return slept;
    }
    return {};
  }
  Result<void> wait_until(Instant when) const {
    return wait_for([&] { return killed_at_ <= now() || when <= now(); }, when);
  }
  Result<void> wait_end() const {
    return wait_for([&] { return has_ended(); }, ends_);
  }

  Result<std::size_t> read_echo(MutableBytes into) {
    const auto may_go_on = [&] { return !echo_.empty() || has_ended(); };
    if (auto waited = wait_for(may_go_on, ends_); !waited) return fail(waited.error());
    const std::size_t size = std::min(into.size(), echo_.size());
    std::memcpy(into.data(), echo_.data(), size);
    echo_.erase(0, size);
    return size;
  }

  ScriptedLauncher& launcher_;
  Script script_;
  bool has_terminal_;
  bool has_input_;              ///< And it has not been closed.
  std::vector<Instant> times_;  ///< The times of the steps.
  Instant ends_;
  Instant killed_at_ = Instant::max();
  int signal_ = 0;  ///< The one that killed it.
  int pid_ = 0;
  std::size_t read_[2] = {};
  bool is_closed_[2] = {};
  std::size_t taken_ = 0;  ///< The size of all input.
  std::string echo_;       ///< Input that has not been written to the output yet.
};

inline Result<std::unique_ptr<Process>> ScriptedLauncher::launch(const LaunchOptions& options) {
  Script script = find_(options.arguments.back());
  if (script.refusal) return fail(*script.refusal);
  {
    const std::lock_guard lock(mutex_);
    dealings_.options = options;
  }
  return std::make_unique<Run>(*this, std::move(script), options);
}

}  // namespace hotline::test
