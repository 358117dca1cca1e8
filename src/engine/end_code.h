#pragma once

#include <string>
#include <string_view>

#include "hotline/core/error.h"

namespace hotline::engine {

// The result of an operation is a count or a negated errno. Four more results, which no system call
// reports, have codes beyond the range of errno (MAX_ERRNO of the kernel is 4095; the largest in
// use is 133). They are ordered by strength: a drain can become a cancel, but a cancel never
// becomes a drain.
inline constexpr int kShortageEnd = 5000;  ///< The memory of the stream was needed for others.
inline constexpr int kDeadlineEnd = 5001;
inline constexpr int kDrainEnd = 5002;
inline constexpr int kCancelEnd = 5003;

/// Returns the Error for a negated errno or a negated end code of an operation.
inline Error operation_error(int code, std::string_view operation, std::string endpoint = {}) {
  switch (-code) {
    case kShortageEnd:
      return {ErrorKind::resource_exhausted,
              0,
              operation,
              std::move(endpoint),
              "the peer read nothing for long, and its receive buffer was needed for others",
              "raise LoopOptions::receive_memory_max, or lower the write timeout"};
    case kDeadlineEnd: return {ErrorKind::timed_out, 0, operation, std::move(endpoint), {}, {}};
    case kCancelEnd: return {ErrorKind::cancelled, 0, operation, std::move(endpoint), {}, {}};
    case kDrainEnd: return {ErrorKind::draining, 0, operation, std::move(endpoint), {}, {}};
    default: return system_error(-code, operation, std::move(endpoint));
  }
}

}  // namespace hotline::engine
