#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "hotline/core/bytes.h"

namespace hotline::auth {

/// Returns how many characters `bytes` bytes take in base64url.
constexpr std::size_t base64url_size(std::size_t bytes) { return (bytes * 8 + 5) / 6; }

/// Writes `bytes` to `text` in base64url without padding: RFC 4648, section 5. `text` must have
/// base64url_size() characters.
void encode_base64url(Bytes bytes, std::span<char> text);

/// Reads `text` into `bytes`. Returns false unless it is what encode_base64url() writes for that
/// many bytes; `bytes` are then undefined.
bool decode_base64url(std::string_view text, MutableBytes bytes);

/// Returns the position of the first character that is not of base64url; npos without one.
std::size_t find_not_base64url(std::string_view text);

}  // namespace hotline::auth
