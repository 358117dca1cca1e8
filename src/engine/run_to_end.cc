#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/process.h"
#include "hotline/engine/task_group.h"

namespace hotline {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

/// Reads both outputs of a process while it waits for its end, and then what still arrives.
class Run {
 public:
  Run(Process& process, const RunOptions& options) : process_(process), options_(options) {}

  Result<Completed> run();

 private:
  struct Output {
    std::string text;
    bool has_ended = false;
  };

  void read_until_end();
  void read_the_rest();
  void finish();
  void spawn(TaskGroup& group, Literal name, std::move_only_function<void()> body);
  void spawn_readers(TaskGroup& group);
  void read(OutputStream which, TaskGroup& group);
  bool may_go_on(const Error& error, Deadline until);
  void wait(TaskGroup& group);
  void note_failure(Error error);
  bool have_ended() const { return outputs_[0].has_ended && outputs_[1].has_ended; }
  Deadline bound() const;

  Process& process_;
  RunOptions options_;
  std::array<Output, 2> outputs_;
  std::size_t size_ = 0;
  std::optional<ProcessEnd> end_;
  std::optional<Error> failure_;
  bool is_draining_ = false;
  Deadline quiet_end_ = Deadline::never();
  Deadline drain_end_ = Deadline::never();
};

Result<Completed> Run::run() {
  read_until_end();
  if (!failure_ && !have_ended()) read_the_rest();
  if (!failure_) finish();
  if (failure_) return fail(std::move(*failure_));
  return Completed{*end_, std::move(outputs_[0].text), std::move(outputs_[1].text), !have_ended()};
}

void Run::read_until_end() {
  TaskGroup group;
  spawn_readers(group);
  spawn(group, "end", [&] { wait(group); });
  if (auto joined = group.join(); !joined) note_failure(std::move(joined.error()));
}

void Run::read_the_rest() {
  is_draining_ = true;
  drain_end_ = deadline_after(options_.drain);
  TaskGroup group;
  spawn_readers(group);
  if (auto joined = group.join(); !joined) note_failure(std::move(joined.error()));
}

void Run::finish() {
  const Deadline patience = deadline_after(options_.drain);
  const DeadlineScope scope(patience);
  auto finished = process_.finish();
  if (finished) return;
  const bool is_silent =
      finished.error().kind == ErrorKind::timed_out && patience.has_passed(now());
  note_failure(is_silent ? make_error(ErrorKind::reset, {}, {},
                                      "its supervising process (keeper) did not answer")
                         : std::move(finished.error()));
}

void Run::spawn(TaskGroup& group, Literal name, std::move_only_function<void()> body) {
  if (failure_) return;
  auto spawned = group.spawn(name, std::move(body));
  if (spawned) return;
  note_failure(std::move(spawned.error()));
  group.cancel();
}

void Run::spawn_readers(TaskGroup& group) {
  for (const OutputStream which : {OutputStream::standard_output, OutputStream::standard_error}) {
    if (outputs_[static_cast<std::size_t>(which)].has_ended) continue;
    spawn(group, "output", [this, which, &group] { read(which, group); });
  }
}

void Run::read(OutputStream which, TaskGroup& group) {
  Output& output = outputs_[static_cast<std::size_t>(which)];
  const auto piece = std::make_unique_for_overwrite<std::byte[]>(kPieceBytes);
  // Not earlier: a read that begins after its deadline does not return what is in the pipe.
  quiet_end_ = deadline_after(options_.quiet);
  while (!output.has_ended) {
    const Deadline until = bound();
    const DeadlineScope scope(until);
    const auto size = process_.read_some(which, {piece.get(), kPieceBytes});
    if (!size && may_go_on(size.error(), until)) continue;
    if (!size) return;
    output.has_ended = *size == 0;
    output.text.append(reinterpret_cast<const char*>(piece.get()), *size);
    size_ += *size;
    quiet_end_ = deadline_after(options_.quiet);
    if (size_ <= options_.output_max) continue;
    note_failure(
        make_error(ErrorKind::too_large, {}, {},
                   "it wrote more than " + std::to_string(options_.output_max) + " bytes"));
    group.cancel();
    return;
  }
}

/// Called after a read with the deadline `until` has failed. Returns true if the other output has
/// been written to since, so that there is more time. Otherwise records an error that ends the run.
bool Run::may_go_on(const Error& error, Deadline until) {
  // The code that cancelled the readers has recorded the reason.
  if (error.kind == ErrorKind::cancelled && (end_ || failure_) && !is_draining_) return false;
  const Instant time = now();
  if (error.kind != ErrorKind::timed_out || !until.has_passed(time)) {
    note_failure(error);
    return false;
  }
  return !bound().has_passed(time);
}

void Run::wait(TaskGroup& group) {
  auto end = process_.wait();
  if (end) {
    end_ = *end;
  } else {
    note_failure(std::move(end.error()));
  }
  group.cancel();
}

/// Keeps the first failure, unless that is a cancel, which may only be a consequence of another
/// failure.
void Run::note_failure(Error error) {
  if (!failure_ || failure_->kind == ErrorKind::cancelled) failure_ = std::move(error);
}

/// Returns until when to wait for more output.
Deadline Run::bound() const {
  return is_draining_ ? Deadline::earliest(quiet_end_, drain_end_) : Deadline::never();
}

Result<Completed> run_on_loop(Process& process, const RunOptions& options) {
  Run run(process, options);
  if (engine::EventLoop::running() != nullptr) return run.run();
  // One loop for all of it; otherwise each inner group would make its own.
  Result<Completed> result;
  TaskGroup group;
  auto spawned = group.spawn("run", [&] { result = run.run(); });
  if (!spawned) return fail(std::move(spawned.error()));
  auto joined = group.join();
  const bool is_cut = result || result.error().kind == ErrorKind::cancelled;
  if (!joined && is_cut) return fail(std::move(joined.error()));
  return result;
}

/// The error describes the program, whichever of the waits failed.
Error of_program(Error error, const LaunchOptions& what) {
  error.operation = "run";
  error.endpoint = escape(as_bytes(what.arguments.front()), 80);
  if (error.kind == ErrorKind::timed_out) error.advice = "give it more time, or see what it does";
  return error;
}

}  // namespace

Result<Completed> run_to_end(Launcher& launcher, const LaunchOptions& what,
                             const RunOptions& options) {
  const DeadlineScope scope(deadline_after(options.timeout));
  auto process = launcher.launch(what);
  if (!process) return fail(std::move(process.error()));
  (*process)->close_input();
  auto completed = run_on_loop(**process, options);
  if (!completed) return fail(of_program(std::move(completed.error()), what));
  return completed;
}

}  // namespace hotline
