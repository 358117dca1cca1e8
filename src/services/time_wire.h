#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "hotline/services/time.h"
#include "hotline/services/time_locale.h"
#include "hotline/services/time_zone.h"

// The text time protocol, without I/O: docs/wire/time.md.

namespace hotline::services {

/// The format that an empty request stands for.
inline constexpr std::string_view kTimeFormat = "%Y-%m-%d-%X";

inline constexpr std::size_t kTimeRequestMax = 1024;
inline constexpr std::size_t kTimeReplyMax = 256;

struct TimeReply {
  std::string text;  ///< At most kTimeReplyMax bytes, in UTF-8; may be empty.
  bool is_error = false;
};

/// Returns true if the request may itself be the reply of a server of this protocol: it is not
/// empty and has no conversion, so its reply is the same text.
bool may_be_time_reply(std::string_view request);

/// Returns the reply to `request`, any bytes, at the time `now`.
TimeReply answer_time(std::string_view request, const TimeZone& zone, const TimeLocale& locale,
                      std::chrono::system_clock::time_point now);

}  // namespace hotline::services
