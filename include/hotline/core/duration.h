#pragma once

#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline {

/// A duration as it is written: `500ms`, `60s`, `2m`, `1h`; `none` is kNoTimeout.
/// Fails with `invalid_argument`; a number needs its unit.
Result<Duration> parse_duration(std::string_view text);

/// The shortest such text for `duration`; fractions of a millisecond are left out.
std::string format_duration(Duration duration);

}  // namespace hotline
