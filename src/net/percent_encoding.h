#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hotline::net {

/// Returns `bytes` with %XX (RFC 3986, section 2.1) for those that are not plain ASCII, are `%`, or
/// are in `reserved`; the rest is unchanged.
std::string percent_encode(std::string_view bytes, std::string_view reserved);

/// Returns the decoded bytes of `text`, or nullopt if a % is not followed by two hexadecimal
/// digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace hotline::net
