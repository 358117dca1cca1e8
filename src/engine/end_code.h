#pragma once

#include <string>
#include <string_view>

#include "hotline/core/error.h"

namespace hotline::engine {

// Results of operations are a count or a negated errno. Four ends that no system call reports lie
// past the range of errno (MAX_ERRNO is 4095 in the kernel, the largest in use 133). Ordered by
// weight: a drain can become a cancel, never the other way round.
inline constexpr int kShortageEnd = 5000;  ///< The stream's memory was needed for others.
inline constexpr int kDeadlineEnd = 5001;
inline constexpr int kDrainEnd = 5002;
inline constexpr int kCancelEnd = 5003;

/// A negated errno or end code of an operation as an Error.
inline Error operation_error(int code, std::string_view operation, std::string endpoint = {}) {
  switch (-code) {
    case kShortageEnd:
      return {ErrorKind::resource_exhausted, 0, operation, std::move(endpoint),
              "the peer took nothing for long, and its receive buffer was needed for others",
              "raise LoopOptions::receive_memory_max, or lower the write timeout"};
    case kDeadlineEnd: return {ErrorKind::timed_out, 0, operation, std::move(endpoint), {}, {}};
    case kCancelEnd: return {ErrorKind::cancelled, 0, operation, std::move(endpoint), {}, {}};
    case kDrainEnd: return {ErrorKind::draining, 0, operation, std::move(endpoint), {}, {}};
    default: return system_error(-code, operation, std::move(endpoint));
  }
}

}  // namespace hotline::engine
