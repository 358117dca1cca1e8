#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

// The descendants of this process, found in /proc. A process cannot leave the tree by a new
// session, a new group or the death of its parent, because this process adopts the orphans.

namespace hotline::engine {

/// Returns why the descendants of this process cannot be found, or an empty string if they can.
/// Reasons: /proc is not mounted, or it shows the processes of another PID namespace.
std::string proc_problem();

/// Returns the processes whose parent is `pid`, including ended ones that have not been reaped.
std::vector<pid_t> children_of(pid_t pid);

/// The same by checking the parent of every process of the system, for a Linux without
/// CONFIG_PROC_CHILDREN.
std::vector<pid_t> children_by_parent(pid_t pid);

/// Stops `roots`, children of this process, and all their descendants until nothing is left that
/// could start another process, then kills them all. A process that has escaped becomes a child of
/// this process when its parent ends, so call this again after each end.
void kill_trees(const std::function<std::vector<pid_t>()>& roots);

/// Kills the process group `group` if it has a child of this process, because then its number
/// cannot have been reused. Does not need /proc.
void kill_group(pid_t group);

/// A child of this process that has ended and has been reaped.
struct EndedChild {
  pid_t pid;
  int status;    ///< As in waitpid(2).
  rusage usage;  ///< That of the child and what it waited for.
};

/// Reaps the children of this process that have ended, and passes each to `on_end`. Returns true if
/// there are others.
bool reap_children(const std::function<void(const EndedChild&)>& on_end);

/// Kills every descendant of this process, repeatedly until none is left, and waits for them.
/// `on_end` gets each that was a child at its end. SIGCHLD must be blocked. If /proc is not mounted
/// any more, only `group` and what dies with it can be killed; the others are waited for.
void end_descendants(const std::function<void(const EndedChild&)>& on_end, pid_t group = 0);

}  // namespace hotline::engine
