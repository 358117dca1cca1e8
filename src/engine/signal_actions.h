#pragma once

namespace hotline::engine {

/// From now on a write fails, in the whole process, where a signal would kill: with EPIPE if no
/// reader is left (SIGPIPE), with EFBIG at the limit on the size of files (SIGXFSZ). A program's
/// own handler stays. Sockets never raise SIGPIPE here; pipes and terminals would.
void ignore_failed_writes();

/// SIGCHLD gets its default action if this process ignores it, for then the system throws away how
/// children end; a program's own handler stays, and SA_NOCLDWAIT goes.
void keep_ends_of_children();

}  // namespace hotline::engine
