#pragma once

#include <string>
#include <vector>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Returns a hint that names the limit which prevents one more thread or process, and how to raise
/// it: the `pids.max` of a control group if it is reached, otherwise the user's limit, otherwise
/// the system's. Reads files, so call it only after a failure and not on a busy loop.
std::string process_limit_hint();

/// The control groups of this process that limit how many processes and threads it has. Their files
/// are open, because a program that is confined cannot open them any more. Any thread.
class ProcessGroups {
 public:
  /// Opens those of this process that have a limit now.
  static ProcessGroups open();

  /// The same for the groups at `directories`.
  static ProcessGroups open(const std::vector<std::string>& directories);

  /// Returns what process_limit_hint() does for these groups alone; empty if none of them has
  /// reached its limit.
  std::string hint() const;

 private:
  struct Group {
    UniqueFd most;
    UniqueFd now;
  };

  std::vector<Group> groups_{};
};

/// Same as process_limit_hint(), for a program that may have been confined since `groups` were
/// opened.
std::string process_limit_hint(const ProcessGroups& groups);

}  // namespace hotline::engine
