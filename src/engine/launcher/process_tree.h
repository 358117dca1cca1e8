#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

// The processes below this one, found in /proc wherever in the system they have gone: a new
// session, a new group or a dead parent does not take a process out of its tree, for this process
// adopts the orphans in it.

namespace hotline::engine {

/// Returns why the processes below this one cannot be found, or nothing if they can: /proc is not
/// mounted, or it shows the processes of another PID namespace.
std::string proc_problem();

/// The processes whose parent is `pid`, ended ones that nobody has waited for too.
std::vector<pid_t> children_of(pid_t pid);

/// The same by asking every process of the system for its parent: for a Linux without
/// CONFIG_PROC_CHILDREN.
std::vector<pid_t> children_by_parent(pid_t pid);

/// Stops `roots`, children of this process, and all that is below them, until nothing is left that
/// could start another; then kills them all. What has escaped is a child of this process sooner or
/// later, when whoever started it has ended: ask again after each end.
void kill_trees(const std::function<std::vector<pid_t>()>& roots);

/// Kills the process group `group` if a child of this process is in it: then its number cannot mean
/// another group by now. Needs no /proc.
void kill_group(pid_t group);

/// Kills every descendant of this process, again and again until there is none, and waits for
/// them: each that was a child in the end is told of with its status, as waitpid(2) has it. SIGCHLD
/// must be blocked. Where /proc has gone, only `group` and what dies with it can be killed; the end
/// of the others is waited for.
void end_descendants(const std::function<void(pid_t, int)>& on_end, pid_t group = 0);

}  // namespace hotline::engine
