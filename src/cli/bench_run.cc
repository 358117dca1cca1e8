#include "cli/bench_run.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "cli/bench_loop.h"
#include "cli/bench_result.h"
#include "cli/latency_plot.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/until_signal.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/descriptor_limit.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/semaphore.h"
#include "hotline/engine/staged_file.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

constexpr std::chrono::seconds kShownEvery{1};
/// The loops report a second shortly after its end.
constexpr std::chrono::milliseconds kReportWait{50};

/// A load while it runs: a thread for each of its loops, and this one, which waits for them.
class Load {
 public:
  Load(const BenchPlan& plan, OutputForm form)
      : plan_(plan),
        is_shown_(form == OutputForm::text && is_error_terminal()),
        gate_(plan.options.connections, is_shown_ ? plan.options.threads : 0) {
    for (std::size_t i = 0; i < plan.options.threads; ++i) {
      loops_.emplace_back(plan, i, gate_, is_shown_ ? &progress_ : nullptr);
    }
  }

  /// Returns when all has ended. If its fiber is cancelled, it ends the load early.
  Result<BenchResult> run() {
    Result<void> done = start();
    if (done) done = lead();
    if (!done) cancel();
    const Instant end = exact_now();
    for (std::thread& each : threads_) each.join();
    for (const Result<void>& each : ended_) {
      if (!each) return fail(each.error());
    }
    const bool is_interrupted = !done && done.error().kind == ErrorKind::cancelled;
    if (!done && !is_interrupted) return fail(std::move(done.error()));
    BenchTally tally;
    for (const BenchLoop& each : loops_) tally.add(each.tally());
    BenchResult result = BenchResult::of(plan_, times_, std::move(tally), end);
    result.is_interrupted = is_interrupted;
    return result;
  }

 private:
  Result<void> start() {
    ended_.resize(loops_.size());
    try {
      for (std::size_t i = 0; i < loops_.size(); ++i) {
        threads_.emplace_back([this, i] { run_loop(i); });
      }
    } catch (const std::system_error& error) {
      return fail(system_error(error.code().value(), "start a thread"));
    }
    return {};
  }

  void run_loop(std::size_t index) {
    try {
      ended_[index] = loops_[index].run();
    } catch (const std::exception& error) {
      ended_[index] =
          fail(make_error(ErrorKind::resource_exhausted, "run the load", {}, error.what()));
    }
    // What the others do alone is not the load that was asked for.
    if (!ended_[index]) {
      cancel();
      gate_.close();
    }
    finished_.release();
  }

  Result<void> lead() {
    if (auto ready = gate_.wait_for_all(); !ready) return ready;
    times_ = BenchTimes::of(plan_.options, exact_now());
    gate_.open(*times_);
    Instant next = times_->begin + kShownEvery;
    for (std::size_t running = loops_.size(); running > 0;) {
      const auto waited =
          finished_.acquire(is_shown_ ? Deadline::at(next + kReportWait) : Deadline::never());
      if (waited) {
        --running;
      } else if (waited.error().kind == ErrorKind::timed_out) {
        show(next);
        next += kShownEvery;
      } else {
        clear();
        return waited;
      }
    }
    clear();
    return {};
  }

  void cancel() {
    for (BenchLoop& each : loops_) each.cancel();
  }

  void show(Instant second) {
    const std::string line =
        progress_line(progress_.take(), second - times_->begin, plan_.options.warm_up);
    // A terminal that does not take it must not delay the load.
    write_standard_within(StandardStream::error, "\r" + line + "\x1b[K",
                          std::chrono::milliseconds(0));
  }

  void clear() {
    if (!is_shown_) return;
    write_standard_within(StandardStream::error, "\r\x1b[K", std::chrono::milliseconds(100));
  }

  const BenchPlan& plan_;
  bool is_shown_;
  BenchGate gate_;
  BenchProgress progress_;
  std::optional<BenchTimes> times_{};  ///< Nullopt: the gate is not open yet.
  Semaphore finished_{0};
  std::deque<BenchLoop> loops_;
  std::vector<Result<void>> ended_;
  std::vector<std::thread> threads_;
};

Result<std::optional<StagedFile>> make_picture(const std::string& path) {
  if (path.empty()) return std::optional<StagedFile>();
  if (auto removed = StagedFile::remove_old(path); !removed) return fail(removed.error());
  auto made = StagedFile::make(path);
  if (!made) return fail(std::move(made.error()));
  return std::optional<StagedFile>(*std::move(made));
}

LatencyPlotTexts picture_texts(const BenchResult& result, const BenchPlan& plan) {
  const BenchOptions& options = plan.options;
  const auto rate = static_cast<std::uint64_t>(result.rate());
  return {.title = "Latency of " + plan.endpoint.to_string(),
          .subtitle = std::to_string(options.connections) + " connections, " +
                      (options.rate ? "open loop at " + std::to_string(*options.rate) + "/s"
                                    : std::string("closed loop")) +
                      ", depth " + std::to_string(plan.depth) + ", messages of " +
                      std::to_string(plan.messages.bytes()) + " bytes; " + std::to_string(rate) +
                      " replies a second"};
}

Result<void> draw_picture(StagedFile& file, const BenchResult& result, const BenchPlan& plan) {
  const std::string picture = latency_svg(result.with_bounds(), picture_texts(result, plan));
  if (auto written = file.append(as_bytes(picture)); !written) return written;
  return file.publish();
}

ExitStatus print_result(const BenchResult& result, const BenchPlan& plan, OutputForm form) {
  if (form == OutputForm::json) {
    return print_output(bench_json_of(result, plan).text() + '\n', ExitStatus::ok, form);
  }
  // Otherwise the error says everything.
  if (!result.has_begun() && !result.is_interrupted) return ExitStatus::ok;
  return print_output(bench_text_of(result, plan), ExitStatus::ok, form);
}

/// Prints what came of the load, also in the picture. Returns the exit status.
ExitStatus report_result(const BenchResult& result, const BenchPlan& plan,
                         std::optional<StagedFile>& picture, OutputForm form) {
  ExitStatus status = print_result(result, plan, form);
  if (picture && result.with_bounds().total() > 0) {
    const auto drawn = draw_picture(*picture, result, plan);
    if (!drawn) status = report_error(drawn.error(), ExitStatus::failed, form);
  }
  const auto judged = judge_bench(result, plan);
  return judged ? status : report_error(judged.error(), status_of_bench(result), form);
}

}  // namespace

ExitStatus run_bench(const BenchOptions& options, const CommonOptions& common) {
  // A reader of the output that leaves ends nothing else.
  fail_lost_writes();
  const OutputForm form = common.output;
  const auto plan = BenchPlan::make(options, common.home);
  if (!plan) return report_error(plan.error(), ExitStatus::usage, form);
  auto picture = make_picture(options.svg);
  if (!picture) return report_error(picture.error(), ExitStatus::usage, form);
  raise_descriptor_limit();
  Load load(*plan, form);
  Result<BenchResult> result;
  const auto signal = run_until_signal([&] { result = load.run(); });
  if (!signal) return report_error(signal.error(), ExitStatus::failed, form);
  if (!result) return report_error(result.error(), ExitStatus::failed, form);
  const ExitStatus status = report_result(*result, *plan, *picture, form);
  if (result->is_interrupted && *signal) end_by_signal(**signal);
  return status;
}

}  // namespace hotline::cli
