#include "hotline/services/command_exit.h"

#include "hotline/core/bytes.h"
#include "hotline/core/rows.h"
#include "hotline/services/signal_name.h"

namespace hotline {
namespace {

constexpr int kOwnFailure = 255;
constexpr int kSignalBase = 128;
constexpr int kSignalMax = 127;
constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;

struct ExitRow {
  ExitKind kind;
  std::string_view name;
  std::string_view description;
};

constexpr ExitRow kExitRows[] = {
    {ExitKind::code, "code", "exit status"},
    {ExitKind::signal, "signal", "ended by signal"},
    {ExitKind::timed_out, "timed_out", "killed at the timeout"},
    {ExitKind::cancelled, "cancelled", "cancelled"},
    {ExitKind::output_limit, "output_limit", "killed because it wrote more than its limit"},
    {ExitKind::lost, "lost", "how it ended is unknown"},
    {ExitKind::server_ended, "server_ended", "killed because the server ended"},
    {ExitKind::could_not_start, "could_not_start", "could not be started"},
};
static_assert(is_in_order(kExitRows, &ExitRow::kind));

const ExitRow& row_of_exit(ExitKind kind) { return kExitRows[static_cast<std::size_t>(kind)]; }

/// Returns ` TERM (15)`. The server's name is the better one: numbers differ between machines.
std::string signal_text(const CommandExit& exit) {
  const std::string number = std::to_string(exit.value);
  if (!exit.text.empty()) return " " + escape(as_bytes(exit.text), 16) + " (" + number + ")";
  const std::string_view name = signal_name(exit.value);
  if (name.empty()) return " " + number;
  return " " + std::string(name) + " (" + number + ")";
}

}  // namespace

std::string_view name_of(ExitKind kind) { return row_of_exit(kind).name; }

int CommandExit::status() const {
  switch (kind) {
    case ExitKind::code: return value >= 0 && value <= kOwnFailure ? value : kOwnFailure;
    case ExitKind::signal:
      return value > 0 && value <= kSignalMax ? kSignalBase + value : kOwnFailure;
    case ExitKind::could_not_start: return value == kNotFound ? kNotFound : kCannotExecute;
    default: return kOwnFailure;
  }
}

std::string CommandExit::describe() const {
  std::string description(row_of_exit(kind).description);
  if (kind == ExitKind::code) return description + " " + std::to_string(value);
  if (kind != ExitKind::signal) return description;
  description += signal_text(*this);
  if (has_dumped_core) description += ", core dumped";
  return description;
}

}  // namespace hotline
