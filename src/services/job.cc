#include "services/job.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <variant>

#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"
#include "hotline/services/command_refusal.h"

namespace hotline::services {
namespace {

constexpr Duration kKeepRetryPause = std::chrono::milliseconds(20);

}  // namespace

Result<std::shared_ptr<Job>> Job::make(Facts facts, const KeptOutput::Bounds& bounds) {
  auto output = SpillFile::make();
  if (!output) return fail(std::move(output.error()));
  auto error = SpillFile::make();
  if (!error) return fail(std::move(error.error()));
  return std::make_shared<Job>(std::move(facts), std::move(*output), std::move(*error), bounds);
}

Job::Job(Facts facts, SpillFile output, SpillFile error, const KeptOutput::Bounds& bounds)
    : facts_(std::move(facts)),
      output_(std::move(output), bounds),
      error_(std::move(error), bounds),
      input_(facts_.command.input),
      left_at_(now()) {}

void Job::prepare(std::unique_ptr<Process> process, const CommandBounds& bounds) {
  pid_ = static_cast<std::uint32_t>(std::max(0, process->pid()));
  started_ = bounds.begun.wall;
  command_.emplace(std::move(process), bounds, *this);
  const std::lock_guard lock(mutex_);
  has_started_ = true;
  start_is_known_.set();
}

void Job::note_start_failure(Error why) noexcept {
  const std::lock_guard lock(mutex_);
  start_failure_ = std::move(why);
  start_is_known_.set();
}

bool Job::has_started() const {
  const std::lock_guard lock(mutex_);
  return has_started_;
}

std::optional<Error> Job::start_failure() const {
  const std::lock_guard lock(mutex_);
  return start_failure_;
}

Result<void> Job::wait_started() {
  while (!has_started()) {
    if (auto failure = start_failure()) {
      start_is_known_.set();
      return fail(*std::move(failure));
    }
    if (auto waited = start_is_known_.wait(); !waited) return waited;
  }
  start_is_known_.set();
  return {};
}

void Job::run(const std::function<void(const CommandExit&)>& on_exit) {
  std::exception_ptr thrown;
  try {
    run_command(on_exit);
  } catch (...) {
    thrown = std::current_exception();
  }
  // A client that is attached must not wait for an end that never comes.
  if (!exit()) end(CommandExit{.kind = ExitKind::lost}, on_exit);
  // The process belongs to this loop, and a client on another one may still have the job.
  command_.reset();
  if (thrown) std::rethrow_exception(thrown);
}

void Job::run_command(const std::function<void(const CommandExit&)>& on_exit) {
  TaskGroup fibers;
  const auto controlling = fibers.spawn("job control", [this] { take_controls(); });
  const auto feeding = fibers.spawn("job input", [this] { pass_input(); });
  const auto keeping = fibers.spawn("job keep", [this] { watch_keep(); });
  if (!controlling || !feeding || !keeping) command_->kill(ExitKind::lost);
  end(command_->run(), on_exit);
  discard(fibers.join());
}

void Job::end(CommandExit exit, const std::function<void(const CommandExit&)>& on_exit) {
  for (const OutputStream which : kOutputStreams) {
    digests_[static_cast<std::size_t>(which)] = command_->digest(which);
  }
  // Whatever on_exit does.
  struct Noting {
    ~Noting() { job.note_exit(std::move(exit)); }
    Job& job;
    CommandExit exit;
  };
  const Noting noting{*this, std::move(exit)};
  on_exit(noting.exit);
}

void Job::take_controls() {
  const DrainHold hold;
  while (const auto message = controls_.pop()) take(*message);
}

void Job::take(const ClientMessage& message) {
  // The command may have ended at the same moment.
  if (const auto* const sent = std::get_if<SignalMessage>(&message)) {
    discard(command_->process().send_signal(sent->signal));
  } else if (const auto* const resized = std::get_if<ResizeMessage>(&message)) {
    discard(resize(command_->process(), resized->size));
  } else if (std::holds_alternative<CancelMessage>(message)) {
    command_->kill(ExitKind::cancelled);
  }
}

/// A fiber of its own: a command that does not read its input must still get signals.
void Job::pass_input() {
  const DrainHold hold;
  Process& process = command_->process();
  while (const auto input = input_.take()) {
    if (input->empty()) return process.close_input();
    Bytes left = as_bytes(*input);
    while (!left.empty()) {
      const auto written = process.write_some(left);
      // A command that does not read its input any more loses the rest.
      if (!written) return input_.close();
      left = left.subspan(*written);
    }
  }
}

/// Kills the command when it is forgotten or has been without a client for too long.
void Job::watch_keep() {
  const DrainHold hold;
  while (!exit()) {
    const bool is_unwanted_now = is_unwanted();
    if (is_unwanted_now) command_->kill(ExitKind::cancelled);
    const auto waited = has_changed_.wait(is_unwanted_now ? Deadline::never() : kept_until());
    if (waited || waited.error().kind == ErrorKind::timed_out) continue;
    // Without memory for the wait the command goes on all the same.
    const bool is_short_of_memory = waited.error().kind == ErrorKind::resource_exhausted;
    if (is_short_of_memory && sleep_for(kKeepRetryPause)) continue;
    return command_->kill(ExitKind::server_ended);
  }
}

bool Job::is_unwanted() const {
  const std::lock_guard lock(mutex_);
  return is_forgotten_ || kept_until_locked().has_passed(now());
}

Deadline Job::kept_until() const {
  const std::lock_guard lock(mutex_);
  return kept_until_locked();
}

Deadline Job::kept_until_locked() const {
  return attached_ != nullptr ? Deadline::never() : Deadline::after(left_at_, facts_.keep);
}

void Job::note_exit(CommandExit exit) noexcept {
  output_.end(command_->dropped(OutputStream::standard_output));
  error_.end(command_->dropped(OutputStream::standard_error));
  {
    const std::lock_guard lock(mutex_);
    exit_ = std::move(exit);
    left_at_ = now();
  }
  controls_.close();
  input_.close();
  exit_is_known_.set();
  has_changed_.set();
  if (facts_.changes != nullptr) facts_.changes->set();
}

std::optional<CommandExit> Job::exit() const {
  const std::lock_guard lock(mutex_);
  return exit_;
}

bool Job::is_idle() const {
  const std::lock_guard lock(mutex_);
  return exit_ && attached_ == nullptr;
}

Result<CommandExit> Job::wait_exit() {
  for (;;) {
    if (auto known = exit()) {
      exit_is_known_.set();
      return *std::move(known);
    }
    if (auto waited = exit_is_known_.wait(); !waited) return fail(std::move(waited.error()));
  }
}

JobEntry Job::entry() const {
  JobEntry entry{
      .job = facts_.id, .program = facts_.command.program, .label = facts_.command.label};
  entry.output_bytes = output_.end_offset();
  entry.error_bytes = error_.end_offset();
  entry.started = started_;
  const std::lock_guard lock(mutex_);
  entry.exit = exit_;
  entry.is_attached = attached_ != nullptr;
  if (!entry.is_attached) {
    const Duration left = facts_.keep - (now() - left_at_);
    entry.kept_until =
        wall_clock_now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(left);
  }
  return entry;
}

void Job::forget() {
  const std::lock_guard lock(mutex_);
  is_forgotten_ = true;
  has_changed_.set();
}

void Job::attach(SessionStream& stream) {
  const std::lock_guard lock(mutex_);
  if (attached_ != nullptr) {
    attached_->reset(reset_code(CommandRefusal::attached_elsewhere),
                     "another client was attached to the job");
  }
  attached_ = &stream;
  has_changed_.set();
}

void Job::detach(const SessionStream& stream) {
  const std::lock_guard lock(mutex_);
  if (attached_ != &stream) return;
  attached_ = nullptr;
  left_at_ = now();
  has_changed_.set();
  if (facts_.changes != nullptr) facts_.changes->set();
}

}  // namespace hotline::services
