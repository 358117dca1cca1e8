#pragma once

#include <cstddef>

#include "hotline/core/bytes.h"
#include "hotline/framing/codec.h"

// Frames that end where certain bytes stand: lines and delimiter. `looked_at` is how much of the
// beginning of `input` need not be searched again.

namespace hotline::framing {

Decoded decode_line(Bytes input, std::size_t payload_max, std::size_t& looked_at);

/// Whether a line can hold `payload` and give it back as it is.
bool is_line(Bytes payload);

Decoded decode_delimited(Bytes input, Bytes delimiter, std::size_t payload_max,
                         std::size_t& looked_at);

/// Whether the first `delimiter` of `payload` and a delimiter is the one behind `payload`.
bool is_free_of(Bytes payload, Bytes delimiter);

}  // namespace hotline::framing
