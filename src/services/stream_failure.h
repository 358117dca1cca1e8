#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/error.h"
#include "hotline/session/session_stream.h"

namespace hotline::services {

/// The deadline of a call that must not wait: it fails with `timed_out` where it would.
inline constexpr Deadline kNoWait = Deadline::at(Instant::min());

/// Returns why nothing can be sent on a stream of this end any more, and nothing further arrives:
/// one end has reset it, or its session has ended. Returns nullopt while that is possible: a call
/// that has failed has then only failed to wait. For streams whose flow kOutputFlow the peer sends.
std::optional<Error> stream_failure(SessionStream& stream);

/// Returns a timeout, or a cancellation, of a wait as one of what the caller does: `operation`, a
/// literal, at `endpoint`. Returns another error as it is.
Error error_of_request(Error error, std::string_view operation, const std::string& endpoint);

}  // namespace hotline::services
