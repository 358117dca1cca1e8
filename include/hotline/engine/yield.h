#pragma once

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Lets the other fibers of this loop that are ready run first; on a thread without a loop, other
/// threads. For a fiber that computes for long and never waits:
///
///     for (Row& row : rows) {
///       compute(row);
///       yield();
///     }
///
/// Any fiber or thread. Cannot fail, and does not notice a cancel. On the thread of a loop outside
/// of its fibers it ends the program.
void yield();

}  // namespace hotline
