#include "cli/until_signal.h"

#include <csignal>
#include <utility>

#include "hotline/engine/signals.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {

Result<std::optional<int>> run_until_signal(std::move_only_function<void()> work) {
  auto signals = Signals::block(without_ignored({SIGINT, SIGTERM}));
  if (!signals) return fail(std::move(signals.error()));
  std::optional<int> came;
  TaskGroup group;
  // Started first: if the other fiber cannot be started, nothing has been done.
  auto waiting = group.spawn("signals", [&] {
    const auto signal = signals->wait();
    if (!signal) return;
    came = *signal;
    group.cancel();
  });
  if (!waiting) return fail(std::move(waiting.error()));
  auto working = group.spawn("work", [&] {
    work();
    group.cancel();
  });
  if (!working) return fail(std::move(working.error()));
  discard(group.join());
  return came;
}

}  // namespace hotline::cli
