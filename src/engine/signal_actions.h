#pragma once

namespace hotline::engine {

/// From now on a write fails, in the whole process, where a signal would kill: with EPIPE if no
/// reader is left (SIGPIPE), with EFBIG at the limit on the size of files (SIGXFSZ). A program's
/// own handler stays. Sockets never raise SIGPIPE here; pipes and terminals would.
void ignore_failed_writes();

/// Gives SIGCHLD its default action if this process ignores it, because the system then discards
/// the exit statuses of children. A program's own handler stays, but SA_NOCLDWAIT is removed.
void keep_ends_of_children();

}  // namespace hotline::engine
