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
/// Any fiber or thread. Cannot fail; a cancel does not end it. The program aborts if a function
/// that was posted to a loop, which runs outside its fibers, calls it.
void yield();

}  // namespace hotline
