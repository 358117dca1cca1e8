#pragma once

#include <cstdint>
#include <string_view>

#include "hotline/session/session_options.h"
#include "hotline/session/session_protocol.h"

namespace hotline::services {

/// Returns `common`, what both ends of a session announce, as the end in `role` announces it if
/// only clients open streams.
SessionOptions opened_by_clients(SessionOptions common, SessionRole role);

/// Returns a message that is critical, without other flags. A view of `payload`.
SessionMessage critical_message(std::uint8_t type, std::string_view payload);

}  // namespace hotline::services
