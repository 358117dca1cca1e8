#include "server/task.h"

#include "server/handler_failure.h"
#include "server/retry_pause.h"

namespace hotline::server {

void run_task(ServerState& state, const Task& task) noexcept {
  const RunningCount::Run run(task.running);
  const auto report = [&](const char* what) {
    report_throw(state, state.tasks_tally, task.name, "the task failed; it is called again",
                 nullptr, what);
  };
  while (!comes_back(task.function, report) && pause_before_retry()) {
  }
}

}  // namespace hotline::server
