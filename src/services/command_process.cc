#include "services/command_process.h"

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"
#include "hotline/services/signal_name.h"

namespace hotline::services {
namespace {

// Most commands write little, and a thousand of them may run at once.
constexpr std::size_t kFirstPieceBytes = 4 * 1024;
constexpr std::size_t kPieceGrowth = 16;
constexpr std::size_t kPieceBytesMax = 128 * 1024;

}  // namespace

CommandProcess::CommandProcess(std::unique_ptr<Process> process, const CommandBounds& bounds,
                               OutputSink& sink)
    : process_(std::move(process)), bounds_(bounds), sink_(sink) {}

CommandExit CommandProcess::run() {
  const DrainHold hold;
  read_and_wait();
  finish();
  return exit();
}

void CommandProcess::kill(ExitKind why) {
  if (!killed_) killed_ = why;
  process_->kill();
}

void CommandProcess::read_and_wait() {
  TaskGroup readers;
  for (const OutputStream which : kOutputStreams) {
    auto spawned = readers.spawn("command output", [this, which] {
      const DrainHold hold;
      try_read_all(which);
      outputs_[index(which)].has_ended = true;
      output_ended_.set();
    });
    if (spawned) continue;
    lost_ = std::move(spawned.error());
    return kill(ExitKind::lost);
  }
  wait_for_end();
  if (killed_ == ExitKind::server_ended) readers.cancel();
  if (!readers.join()) kill(ExitKind::server_ended);
}

/// Waits for the end of the program itself, and then for that of its outputs.
void CommandProcess::wait_for_end() {
  auto end = wait_in_time();
  if (!end && end.error().kind == ErrorKind::timed_out) {
    kill(ExitKind::timed_out);
    end = process_->wait();
  }
  ended_ = read_clocks();
  last_output_ = now();
  if (end) {
    end_ = *end;
    return wait_for_outputs();
  }
  const bool is_cut = end.error().kind == ErrorKind::cancelled;
  lost_ = std::move(end.error());
  kill(is_cut ? ExitKind::server_ended : ExitKind::lost);
}

Result<ProcessEnd> CommandProcess::wait_in_time() {
  const DeadlineScope scope(Deadline::after(bounds_.begun.monotonic, bounds_.timeout));
  return process_->wait();
}

/// What the program has started may still have an output open: reads that until it is silent.
void CommandProcess::wait_for_outputs() {
  Deadline drain_end = deadline_after(bounds_.drain);
  Deadline time_out = Deadline::after(bounds_.begun.monotonic, bounds_.timeout);
  while (!have_ended()) {
    const Deadline quiet_end = Deadline::after(last_output_, bounds_.quiet);
    const auto waited =
        output_ended_.wait(Deadline::earliest(time_out, Deadline::earliest(quiet_end, drain_end)));
    if (waited) continue;
    if (waited.error().kind != ErrorKind::timed_out) return kill(ExitKind::server_ended);
    if (time_out.has_passed(now())) {
      // What is left of the tree counts too; what it has written is still passed on.
      kill(ExitKind::timed_out);
      time_out = Deadline::never();
      continue;
    }
    if (outputs_[0].is_blocked || outputs_[1].is_blocked) {
      // The client does not read: that is not a silence of the command.
      last_output_ = now();
      drain_end = deadline_after(bounds_.drain);
      continue;
    }
    const bool is_quiet = Deadline::after(last_output_, bounds_.quiet).has_passed(now());
    if (!is_quiet && !drain_end.has_passed(now())) continue;
    is_held_ = true;
    for (const OutputStream which : kOutputStreams) {
      if (!outputs_[index(which)].has_ended) process_->close_output(which);
    }
    return;
  }
}

/// Without a reader the command might wait for ever.
void CommandProcess::try_read_all(OutputStream which) {
  try {
    read_all(which);
  } catch (const std::bad_alloc&) {
    note_sink_failure(make_error(ErrorKind::resource_exhausted, "read the output of a command", {},
                                 "no memory is left"));
  }
}

void CommandProcess::read_all(OutputStream which) {
  std::vector<std::byte> piece(kFirstPieceBytes);
  for (;;) {
    const auto size = read(which, piece);
    // After close_output() it is an error, and nothing is missing.
    if (!size || *size == 0) break;
    last_output_ = now();
    if (!pass_on(which, std::span(piece).first(*size))) break;
    if (*size == piece.size() && *size < kPieceBytesMax)
      piece.resize(std::min(kPieceBytesMax, kPieceGrowth * piece.size()));
  }
}

/// Reads as many bytes as the sink has room for. Without room the command waits.
Result<std::size_t> CommandProcess::read(OutputStream which, MutableBytes into) {
  Output& output = outputs_[index(which)];
  output.is_blocked = true;
  auto room = sink_.wait_room(which);
  output.is_blocked = false;
  if (!room) {
    note_sink_failure(room.error());
    return room;
  }
  return process_->read_some(which, into.first(std::min(into.size(), *room)));
}

Result<void> CommandProcess::pass_on(OutputStream which, Bytes bytes) {
  Output& output = outputs_[index(which)];
  const std::uint64_t left =
      bounds_.output_max.value_or(std::numeric_limits<std::uint64_t>::max()) - passed_on_;
  const Bytes passed =
      bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
  output.dropped += bytes.size() - passed.size();
  if (passed.size() < bytes.size() && bounds_.on_excess == OutputExcess::kill) {
    kill(ExitKind::output_limit);
  }
  if (passed.empty()) return {};
  passed_on_ += passed.size();
  output.digest.add(passed);
  output.is_blocked = true;
  auto put = sink_.put(which, passed);
  output.is_blocked = false;
  if (!put) note_sink_failure(put.error());
  return put;
}

/// What the command still writes would be lost.
void CommandProcess::note_sink_failure(const Error& error) {
  if (!lost_) lost_ = error;
  kill(ExitKind::lost);
}

/// Kills what is left, and checks that no other process has killed a part of it.
void CommandProcess::finish() {
  if (killed_ || lost_) return process_->kill();
  const DeadlineScope scope(deadline_after(bounds_.drain));
  auto finished = process_->finish();
  if (!finished) lost_ = std::move(finished.error());
}

CommandExit CommandProcess::exit() const {
  CommandExit exit;
  exit.is_held = is_held_;
  exit.is_truncated = outputs_[0].dropped + outputs_[1].dropped > 0;
  exit.started = bounds_.begun.wall;
  exit.ended = ended_.wall;
  exit.duration = ended_.monotonic - bounds_.begun.monotonic;
  if (end_) {
    exit.usage = CommandUsage{end_->usage.user, end_->usage.system, end_->usage.memory_max_bytes};
    exit.has_dumped_core = end_->usage.has_dumped_core && !killed_ && end_->signal != 0;
  }
  if (killed_) {
    exit.kind = *killed_;
  } else if (lost_ || !end_) {
    exit.kind = ExitKind::lost;
  } else if (end_->signal != 0) {
    exit.kind = ExitKind::signal;
    exit.value = end_->signal;
    exit.text = signal_name(end_->signal);
  } else {
    exit.kind = ExitKind::code;
    exit.value = end_->exit_status;
  }
  if (lost_) exit.text = lost_->message();
  return exit;
}

}  // namespace hotline::services
