#pragma once

namespace hotline::engine {

/// Closes every open descriptor from `first` to `last`, both included. Call it only in a process
/// with one thread. Uses close_range(2); on Linux before 5.9 it looks up the open descriptors in
/// /proc, and without /proc it tries every number up to the limit.
void close_descriptors(unsigned first, unsigned last);

}  // namespace hotline::engine
