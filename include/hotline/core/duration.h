#pragma once

#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// Parses a duration: `20us`, `500ms`, `60s`, `2m`, `1h`, or `none` for kNoTimeout. A number needs
/// a unit. Fails with `invalid_argument`.
Result<Duration> parse_duration(std::string_view text);

/// Returns the shortest text that parse_duration() reads as `duration`. Fractions of a millisecond
/// are left out, and below one, those of a microsecond.
std::string format_duration(Duration duration);

}  // namespace hotline
