#pragma once

#include "hotline/core/deadline.h"

namespace hotline::engine {

/// Returns the timeout for poll(2) or epoll_wait(2) that ends at `until`: -1 for never, 0 if it has
/// passed. Rounded up to whole milliseconds, so that the call does not return just before `until`.
int poll_timeout_ms(Instant now, Deadline until);

}  // namespace hotline::engine
