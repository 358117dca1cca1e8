#include "engine/running_threads.h"

#include <cstddef>
#include <filesystem>
#include <system_error>

#include "engine/annotations.h"

namespace hotline::engine {

bool has_other_threads() {
  std::size_t threads = 0;
  std::error_code error;
  for (auto task = std::filesystem::directory_iterator("/proc/self/task", error);
       !error && task != std::filesystem::directory_iterator(); task.increment(error)) {
    ++threads;
  }
  return threads > 1 + kThreadsOfSanitizer;
}

}  // namespace hotline::engine
