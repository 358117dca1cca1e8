#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
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
};

class ScriptedLauncher::Run final : public Process {
 public:
  Run(ScriptedLauncher& launcher, Script script)
      : launcher_(launcher), script_(std::move(script)), ends_(now()) {
    for (const Script::Step& step : script_.steps) times_.push_back(ends_ += step.pause);
    ends_ += script_.pause;
    count(launcher_.launched_);
  }
  ~Run() override { count(launcher_.gone_); }

  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override {
    const auto position = static_cast<std::size_t>(output);
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
    if (auto waited = wait_end(); !waited) return fail(waited.error());
    return 0;
  }

  Result<ProcessEnd> wait() override {
    if (auto waited = wait_end(); !waited) return fail(waited.error());
    if (script_.loss) return fail(*script_.loss);
    return killed_at_ < ends_ ? ProcessEnd{.exit_status = -1, .signal = 9} : script_.end;
  }

  void kill() override { killed_at_ = std::min(killed_at_, now()); }

 private:
  bool is_over(Instant when) const { return killed_at_ <= now() || when <= now(); }

  /// Waits in slices, because a kill has nothing to wake this wait with.
  Result<void> wait_until(Instant when) const {
    while (!is_over(when)) {
      const Duration slice = std::min<Duration>(when - now(), std::chrono::milliseconds(5));
      if (auto slept = sleep_for(slice); !slept) return slept;
    }
    return {};
  }
  Result<void> wait_end() const {
    if (auto waited = wait_until(ends_); !waited) return waited;
    while (script_.lasts && !launcher_.is_released_ && killed_at_ > now()) {
      if (auto slept = sleep_for(std::chrono::milliseconds(1)); !slept) return slept;
    }
    return {};
  }

  ScriptedLauncher& launcher_;
  Script script_;
  std::vector<Instant> times_;  ///< The times of the steps.
  Instant ends_;
  Instant killed_at_ = Instant::max();
  std::size_t read_[2] = {};
};

inline Result<std::unique_ptr<Process>> ScriptedLauncher::launch(const LaunchOptions& options) {
  Script script = find_(options.arguments.back());
  if (script.refusal) return fail(*script.refusal);
  return std::make_unique<Run>(*this, std::move(script));
}

}  // namespace hotline::test
