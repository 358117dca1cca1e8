#pragma once

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/on_drain.h"

namespace hotline HOTLINE_PUBLIC {

/// Waits until a descriptor of the caller's, such as another library's socket, can be read without
/// waiting, has ended or has failed, as poll(2) says. Suspends the fiber; a thread without a loop
/// blocks. Fails with `timed_out` at `deadline`, with `cancelled`, with `resource_exhausted`, and
/// with `system` (EBADF) if `fd` is not open. A drain ends it with `draining` if `on_drain`
/// says so and the descriptor is not ready.
///
///     while (PQisBusy(connection)) {
///       if (auto ready = wait_readable(PQsocket(connection)); !ready) return ready;
///       PQconsumeInput(connection);
///     }
///
/// The descriptor stays the caller's, in the mode that it is in, and must stay open until then. It
/// costs a few system calls each time. Never wait so for a stream of this library: it may hold
/// bytes that it has received already.
Result<void> wait_readable(int fd, Deadline deadline = Deadline::never(),
                           OnDrain on_drain = OnDrain::goes_on);

/// Same as above, until it can be written to, or has failed.
Result<void> wait_writable(int fd, Deadline deadline = Deadline::never(),
                           OnDrain on_drain = OnDrain::goes_on);

}  // namespace hotline
