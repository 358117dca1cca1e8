#include "hotline/session/session_codes.h"

#include <iterator>

namespace hotline {
namespace {

constexpr std::string_view kSessionCodes[] = {
    "drain",   "protocol", "malformed", "too_large", "version",          "other_protocol",
    "credit",  "offset",   "streams",   "flood",     "unknown_critical", "unresponsive",
    "internal"};

constexpr std::string_view kResetCodes[] = {"not_needed",  "refused", "cancelled",
                                            "unsupported", "failed",  "limit"};

template <std::size_t kCount>
std::string_view name_in(const std::string_view (&names)[kCount], std::uint16_t code) {
  if (code >= kOwnCodesFrom) return "own";
  return code < kCount ? names[code] : "unknown";
}

}  // namespace

std::string_view name_of(SessionCode code) {
  static_assert(std::size(kSessionCodes) == static_cast<std::size_t>(SessionCode::internal) + 1);
  return name_in(kSessionCodes, static_cast<std::uint16_t>(code));
}

std::string_view name_of(ResetCode code) {
  static_assert(std::size(kResetCodes) == static_cast<std::size_t>(ResetCode::limit) + 1);
  return name_in(kResetCodes, static_cast<std::uint16_t>(code));
}

}  // namespace hotline
