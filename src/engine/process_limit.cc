#include "engine/process_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include "hotline/engine/control_group.h"

namespace hotline::engine {
namespace {

/// The limit of the user, which does not apply to root.
std::string user_limit_hint() {
  rlimit limit{};
  if (::geteuid() == 0 || ::getrlimit(RLIMIT_NPROC, &limit) < 0) return {};
  if (limit.rlim_cur == RLIM_INFINITY) return {};
  return "this user may have " + std::to_string(limit.rlim_cur) +
         " processes and threads: raise it with 'ulimit -u' or LimitNPROC=";
}

std::string memory_limit_hint() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return "this process may have " + std::to_string(limit.rlim_cur / 1024) +
         " KiB of memory: raise it with 'ulimit -v'";
}

}  // namespace

std::string group_limit_hint(const std::vector<std::string>& directories) {
  for (const std::string& each : directories) {
    const auto most = read_leading_number(each + "/pids.max");
    const auto now = read_leading_number(each + "/pids.current");
    if (!most || !now || *now < *most) continue;
    return "the control group may have " + std::to_string(*most) +
           " processes and threads: raise its pids.max (TasksMax=)";
  }
  return {};
}

std::string process_limit_hint() {
  std::string hint = group_limit_hint(control_group_directories("pids"));
  if (hint.empty()) hint = user_limit_hint();
  if (hint.empty()) hint = memory_limit_hint();
  return hint.empty() ? "the system has no more: see kernel.threads-max, kernel.pid_max and memory"
                      : hint;
}

}  // namespace hotline::engine
