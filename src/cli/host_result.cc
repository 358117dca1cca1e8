#include "cli/host_result.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "cli/refusal_hint.h"

namespace hotline::cli {
namespace {

constexpr std::array<std::string_view, 7> kNames{"ok",          "failed", "refused",  "timed_out",
                                                 "unreachable", "lost",   "cancelled"};

/// A server ends the call of a caller that it does not accept or allow, and says nothing.
HostOutcome outcome_before_start(const Error& error, RunStage stage) {
  // No descriptor was left here.
  if (error.native_code == EMFILE || error.native_code == ENFILE) return HostOutcome::cancelled;
  if (error.kind == ErrorKind::permission_denied) return HostOutcome::refused;
  const bool is_silent_end = stage == RunStage::greeting && is_end_by_peer(error.kind);
  return is_silent_end ? HostOutcome::refused : HostOutcome::unreachable;
}

/// Before the server has accepted the command, an error that is not one of the connection is its
/// answer.
HostOutcome outcome_after_start(const Error& error, RunStage stage) {
  const bool is_cut = is_end_by_peer(error.kind) || error.kind == ErrorKind::unresponsive ||
                      error.kind == ErrorKind::protocol_violation;
  return stage == RunStage::starting && !is_cut ? HostOutcome::refused : HostOutcome::lost;
}

using OutcomeCounts = std::array<std::size_t, kNames.size()>;

/// Returns `: 36 ok, 1 failed`; empty if there is nothing to count.
std::string counts_text(const OutcomeCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += (text.empty() ? ": " : ", ") + std::to_string(counts[i]) + " " + std::string(kNames[i]);
  }
  return text;
}

std::size_t partial_files(const HostResult& result) {
  const auto is_partial = [](const std::optional<HostFile>& file) {
    return file && file->end == OutputEnd::partial ? std::size_t{1} : 0;
  };
  return is_partial(result.output_file) + is_partial(result.error_file);
}

}  // namespace

std::string_view name_of(HostOutcome outcome) { return kNames[static_cast<std::size_t>(outcome)]; }

HostOutcome outcome_of(const Error& error, RunStage stage) {
  if (error.kind == ErrorKind::cancelled) return HostOutcome::cancelled;
  if (stage == RunStage::keeping) return HostOutcome::failed;
  if (error.kind == ErrorKind::timed_out) return HostOutcome::timed_out;
  const bool is_sent = stage != RunStage::connecting && stage != RunStage::greeting;
  return is_sent ? outcome_after_start(error, stage) : outcome_before_start(error, stage);
}

HostOutcome outcome_of(const CommandExit& exit) {
  switch (exit.kind) {
    case ExitKind::timed_out: return HostOutcome::timed_out;
    case ExitKind::cancelled: return HostOutcome::cancelled;
    case ExitKind::lost:
    case ExitKind::server_ended: return HostOutcome::lost;
    case ExitKind::code:
    case ExitKind::signal:
    case ExitKind::output_limit:
    case ExitKind::could_not_start: break;
  }
  return exit.is_success() ? HostOutcome::ok : HostOutcome::failed;
}

std::string progress_of(std::span<const HostResult> results) {
  OutcomeCounts counts{};
  std::size_t done = 0;
  std::size_t running = 0;
  for (const HostResult& each : results) {
    if (each.state == HostState::running) ++running;
    if (each.state != HostState::done) continue;
    ++done;
    ++counts[static_cast<std::size_t>(each.outcome)];
  }
  return std::to_string(done) + " of " + std::to_string(results.size()) + " done, " +
         std::to_string(running) + " running" + counts_text(counts);
}

std::string summary_of(std::span<const HostResult> results) {
  OutcomeCounts counts{};
  std::size_t partial = 0;
  for (const HostResult& each : results) {
    ++counts[static_cast<std::size_t>(each.outcome)];
    partial += partial_files(each);
  }
  std::string text = std::to_string(results.size()) +
                     (results.size() == 1 ? " endpoint" : " endpoints") + counts_text(counts);
  if (partial == 0) return text;
  return text + "; " + std::to_string(partial) +
         (partial == 1 ? " partial file" : " partial files");
}

ExitStatus status_of(std::span<const HostResult> results) {
  int status = 0;
  for (const HostResult& each : results) {
    if (each.outcome == HostOutcome::ok) continue;
    if (each.outcome != HostOutcome::failed || !each.exit) return ExitStatus::no_reply;
    status = std::max(status, each.exit->status());
  }
  return static_cast<ExitStatus>(status);
}

}  // namespace hotline::cli
