#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

namespace bench {

inline constexpr const char* kTrue = "/bin/true";

// Starts /bin/true as bare as a process can be started; nothing if that fails.
inline std::optional<pid_t> start_bare() {
  const char* arguments[] = {kTrue, nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, kTrue, nullptr, nullptr, const_cast<char**>(arguments), environ) != 0) {
    return std::nullopt;
  }
  return pid;
}

// Waits for the end of a process, and returns true if that was a success.
inline bool is_successful(pid_t pid) {
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && status == 0;
}

}  // namespace bench
