#include "cli/host_result.h"

#include <algorithm>
#include <array>

namespace hotline::cli {
namespace {

constexpr std::array<std::string_view, 7> kNames{"ok",          "failed", "refused",  "timed_out",
                                                 "unreachable", "lost",   "cancelled"};

HostOutcome outcome_of_connect(const Error& error) {
  switch (error.kind) {
    case ErrorKind::timed_out: return HostOutcome::timed_out;
    case ErrorKind::cancelled: return HostOutcome::cancelled;
    case ErrorKind::permission_denied: return HostOutcome::refused;
    default: return HostOutcome::unreachable;
  }
}

}  // namespace

std::string_view name_of(HostOutcome outcome) { return kNames[static_cast<std::size_t>(outcome)]; }

HostOutcome outcome_of(const Error& error, RunStage stage) {
  if (stage == RunStage::connecting) return outcome_of_connect(error);
  if (error.kind == ErrorKind::timed_out) return HostOutcome::timed_out;
  if (error.kind == ErrorKind::cancelled) return HostOutcome::cancelled;
  // Before the server has accepted the command, an error that is not one of the connection is its
  // answer.
  const bool is_cut = error.kind == ErrorKind::truncated || error.kind == ErrorKind::reset ||
                      error.kind == ErrorKind::closed || error.kind == ErrorKind::unresponsive ||
                      error.kind == ErrorKind::protocol_violation;
  return stage == RunStage::starting && !is_cut ? HostOutcome::refused : HostOutcome::lost;
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

std::string summary_of(std::span<const HostResult> results) {
  std::array<std::size_t, kNames.size()> counts{};
  for (const HostResult& each : results) ++counts[static_cast<std::size_t>(each.outcome)];
  std::string text =
      std::to_string(results.size()) + (results.size() == 1 ? " endpoint" : " endpoints");
  const char* separator = ": ";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += separator + std::to_string(counts[i]) + " " + std::string(kNames[i]);
    separator = ", ";
  }
  return text;
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
