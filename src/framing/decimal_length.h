#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/framing/codec.h"

// Decimal lengths before the payload: netstring and ready.

namespace hotline::framing {

/// `5:hello,`.
Decoded decode_netstring(Bytes input, std::size_t length_max);

/// Returns how many bytes of `into`, which has room for 21, were written.
std::size_t encode_netstring(std::size_t length, std::span<std::byte> into);

/// The receiver's answer to a length of Kind::ready.
inline constexpr std::string_view kReadyAnswer = "ready";

/// Decodes a length and, after it was answered, the payload. An unanswered length is `more`,
/// because nothing marks the end of its digits; the receiver must then send Decoder::answer().
Decoded decode_ready(Bytes input, std::size_t length_max, Decoder::Progress& progress);

/// Returns how many bytes of `into`, which has room for 20, were written.
std::size_t encode_announcement(std::size_t length, std::span<std::byte> into);

}  // namespace hotline::framing
