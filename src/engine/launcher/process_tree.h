#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <vector>

// The processes below this one, found in /proc wherever in the system they have gone: a new
// session, a new group or a dead parent does not take a process out of its tree, for this process
// adopts the orphans in it.

namespace hotline::engine {

/// The processes whose parent is `pid`, ended ones that nobody has waited for too.
std::vector<pid_t> children_of(pid_t pid);

/// The same by asking every process of the system for its parent: for a Linux without
/// CONFIG_PROC_CHILDREN.
std::vector<pid_t> children_by_parent(pid_t pid);

/// Stops `roots`, children of this process, and all that is below them, until nothing is left that
/// could start another; then kills them all. What has escaped is a child of this process sooner or
/// later, when whoever started it has ended: ask again after each end.
void kill_trees(const std::function<std::vector<pid_t>()>& roots);

/// Kills every descendant of this process, again and again until there is none, and waits for
/// them: each that was a child in the end is told of with its status, as waitpid(2) has it. SIGCHLD
/// must be blocked.
void end_descendants(const std::function<void(pid_t, int)>& on_end);

}  // namespace hotline::engine
