#pragma once

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/on_drain.h"

namespace hotline HOTLINE_PUBLIC {

/// Waits until a read from `fd` would not block, as poll(2) defines it: also at the end and after
/// an error. `fd` is a descriptor of the caller, such as the socket of another library. Suspends
/// the fiber; a thread without a loop
/// blocks. Fails with `timed_out` at `deadline`, with `cancelled`, with `resource_exhausted`, and
/// with `system` (EBADF) if `fd` is not open. A drain ends it with `draining` if `on_drain`
/// says so and the descriptor is not ready.
///
///     while (PQisBusy(connection)) {
///       if (auto ready = wait_readable(PQsocket(connection)); !ready) return ready;
///       PQconsumeInput(connection);
///     }
///
/// The caller keeps the descriptor, which must stay open until the call returns; its blocking mode
/// is not changed. Each call makes a few system calls. Do not use it for a Stream of this library,
/// which may hold bytes that it has received already.
Result<void> wait_readable(int fd, Deadline deadline = Deadline::never(),
                           OnDrain on_drain = OnDrain::goes_on);

/// Same as above, but waits until a write to `fd` would not block, or `fd` has failed.
Result<void> wait_writable(int fd, Deadline deadline = Deadline::never(),
                           OnDrain on_drain = OnDrain::goes_on);

}  // namespace hotline
