#pragma once

namespace hotline::engine {

/// Returns true if this process has threads besides the calling one and those of a sanitizer. Reads
/// /proc; where that is missing, returns false.
bool has_other_threads();

}  // namespace hotline::engine
