#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "framing/formats.h"

// Frames that all have the same length, and nothing around them: fixed.

namespace hotline::framing {

Decoded decode_fixed(Bytes input, std::size_t fixed_bytes, std::size_t length_max);

/// Returns why a payload of `size` bytes is not a frame.
Refusal refuse_fixed(const Framing& framing, std::size_t size);

/// Takes the length from `512`.
std::expected<void, Refusal> take_fixed(Framing& framing, std::string_view value);

/// Returns the text that take_fixed() takes.
std::string fixed_text(const Framing& framing);

}  // namespace hotline::framing
