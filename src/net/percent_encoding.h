#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hotline::net {

/// `bytes` as %XX (RFC 3986, section 2.1) where they are not plain ASCII, are `%`, or are among
/// `reserved`; the rest as it is.
std::string percent_encode(std::string_view bytes, std::string_view reserved);

/// The bytes that `text` stands for; nothing if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace hotline::net
