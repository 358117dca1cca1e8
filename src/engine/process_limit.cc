#include "engine/process_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "engine/above_standard.h"
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

/// Returns the number at the start of a file of a control group; nullopt if there is none.
std::optional<std::int64_t> read_number(const UniqueFd& file) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size <= 0) return std::nullopt;
  return parse_leading_number({text.data(), static_cast<std::size_t>(size)});
}

UniqueFd open_number(const std::string& path) {
  return UniqueFd(above_standard(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

}  // namespace

ProcessGroups ProcessGroups::open() { return open(control_group_directories("pids")); }

ProcessGroups ProcessGroups::open(const std::vector<std::string>& directories) {
  ProcessGroups groups;
  for (const std::string& each : directories) {
    Group group{open_number(each + "/pids.max"), open_number(each + "/pids.current")};
    if (read_number(group.most)) groups.groups_.push_back(std::move(group));
  }
  return groups;
}

std::string ProcessGroups::hint() const {
  for (const Group& each : groups_) {
    const auto most = read_number(each.most);
    const auto now = read_number(each.now);
    if (!most || !now || *now < *most) continue;
    return "the control group may have " + std::to_string(*most) +
           " processes and threads: raise its pids.max (TasksMax=)";
  }
  return {};
}

std::string process_limit_hint() { return process_limit_hint(ProcessGroups::open()); }

std::string process_limit_hint(const ProcessGroups& groups) {
  std::string hint = groups.hint();
  if (hint.empty()) hint = user_limit_hint();
  if (hint.empty()) hint = memory_limit_hint();
  return hint.empty() ? "the system has no more: see kernel.threads-max, kernel.pid_max and memory"
                      : hint;
}

}  // namespace hotline::engine
