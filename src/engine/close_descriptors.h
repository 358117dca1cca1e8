#pragma once

namespace hotline::engine {

/// Closes every descriptor from `first` to `last`, both included, that is open. With one thread
/// only. close_range(2); a Linux before 5.9 has its open descriptors looked up in /proc, and where
/// that is missing every number up to the limit is tried.
void close_descriptors(unsigned first, unsigned last);

}  // namespace hotline::engine
