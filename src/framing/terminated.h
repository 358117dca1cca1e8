#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "framing/formats.h"
#include "hotline/core/bytes.h"
#include "hotline/framing/codec.h"

// Frames that end with certain bytes: lines and delimiter. `looked_at` is how much of the beginning
// of `input` has been searched.

namespace hotline::framing {

Decoded decode_line(Bytes input, std::size_t payload_max, std::size_t& looked_at);

/// Returns true if a line can contain `payload` and return it unchanged.
bool is_line(Bytes payload);

Decoded decode_delimited(Bytes input, Bytes delimiter, std::size_t payload_max,
                         std::size_t& looked_at);

/// Returns true if, in `payload` followed by `delimiter`, the first `delimiter` is the one that
/// follows.
bool is_free_of(Bytes payload, Bytes delimiter);

/// Returns the delimiter of Kind::delimiter, which has 1 to 64 bytes.
Bytes delimiter_of(const Framing& framing);

/// Takes the delimiter from `%00`.
std::expected<void, Refusal> take_delimiter(Framing& framing, std::string_view value);

/// Returns the text that take_delimiter() takes.
std::string delimiter_text(const Framing& framing);

}  // namespace hotline::framing
