#pragma once

#include <cstddef>
#include <span>

#include "hotline/core/bytes.h"
#include "hotline/framing/codec.h"

// Decimal lengths before the payload: netstring and ready.

namespace hotline::framing {

/// `5:hello,`.
Decoded decode_netstring(Bytes input, std::size_t length_max);

/// Returns how many bytes of `into`, which has room for 21, were written.
std::size_t encode_netstring(std::size_t length, std::span<std::byte> into);

/// A length, as far as it is there, or the peer's `ready`.
Decoded decode_announcement(Bytes input, std::size_t length_max);

/// The payload behind the first `digits` of `input`, which were an announcement.
Decoded decode_announced(Bytes input, std::size_t digits, std::size_t length_max);

/// Returns how many bytes of `into`, which has room for 20, that were.
std::size_t encode_announcement(std::size_t length, std::span<std::byte> into);

}  // namespace hotline::framing
