#include "services/job.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"
#include "hotline/services/command_refusal.h"

namespace hotline::services {

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
}

void Job::run(const std::function<void()>& on_exit) {
  std::exception_ptr thrown;
  try {
    run_command(on_exit);
  } catch (...) {
    thrown = std::current_exception();
  }
  // A client that is attached must not wait for an end that never comes.
  if (!exit()) note_exit(CommandExit{.kind = ExitKind::lost});
  // The process belongs to this loop, and a client on another one may still have the job.
  command_.reset();
  if (thrown) std::rethrow_exception(thrown);
}

void Job::run_command(const std::function<void()>& on_exit) {
  TaskGroup fibers;
  const auto controlling = fibers.spawn("job control", [this] { take_controls(); });
  const auto feeding = fibers.spawn("job input", [this] { pass_input(); });
  const auto keeping = fibers.spawn("job keep", [this] { watch_keep(); });
  if (!controlling || !feeding || !keeping) command_->kill(ExitKind::lost);
  const CommandExit exit = command_->run();
  for (const OutputStream which : kOutputStreams) {
    digests_[static_cast<std::size_t>(which)] = command_->digest(which);
  }
  note_exit(exit);
  on_exit();
  discard(fibers.join());
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

/// Kills the command when it has been without a client for too long; its end is then kept for as
/// long again. Returns when the job is not needed any more.
void Job::watch_keep() {
  for (;;) {
    Deadline until = Deadline::never();
    if (is_unwanted(until)) {
      if (exit()) return;
      command_->kill(ExitKind::cancelled);
    }
    const auto waited = has_changed_.wait(until, exit() ? OnDrain::ends : OnDrain::goes_on);
    if (waited || waited.error().kind == ErrorKind::timed_out) continue;
    if (!exit()) command_->kill(ExitKind::cancelled);
    return;
  }
}

/// Otherwise sets `until` to the time at which to look again.
bool Job::is_unwanted(Deadline& until) const {
  const std::lock_guard lock(mutex_);
  const Deadline kept_until =
      attached_ != nullptr ? Deadline::never() : Deadline::after(left_at_, facts_.keep);
  if (is_forgotten_ || kept_until.has_passed(now())) return true;
  until = kept_until;
  return false;
}

void Job::note_exit(const CommandExit& exit) {
  output_.end(command_->dropped(OutputStream::standard_output));
  error_.end(command_->dropped(OutputStream::standard_error));
  {
    const std::lock_guard lock(mutex_);
    exit_ = exit;
    left_at_ = now();
  }
  controls_.close();
  input_.close();
  exit_is_known_.set();
  has_changed_.set();
}

std::optional<CommandExit> Job::exit() const {
  const std::lock_guard lock(mutex_);
  return exit_;
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
}

}  // namespace hotline::services
