#include "cli/fan_out.h"

#include <algorithm>

#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {

Result<void> fan_out(std::size_t count, std::size_t at_once,
                     const std::function<void(std::size_t index)>& run) {
  std::size_t next = 0;
  TaskGroup workers;
  for (std::size_t i = 0; i < std::min(count, at_once); ++i) {
    auto spawned = workers.spawn("endpoint", [&] {
      while (next < count && !is_draining()) run(next++);
    });
    // With one worker everything still gets done.
    if (!spawned && i == 0) return spawned;
  }
  return workers.join();
}

}  // namespace hotline::cli
