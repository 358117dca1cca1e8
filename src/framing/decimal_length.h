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

/// What the receiver answers to a length of Kind::ready.
inline constexpr std::string_view kReadyAnswer = "ready";

/// A length, and once that was answered the payload after it. A length that was not answered is
/// `more`, for nothing ends its digits, and Decoder::answer is due.
Decoded decode_ready(Bytes input, std::size_t length_max, Decoder::Progress& progress);

/// Returns how many bytes of `into`, which has room for 20, that were.
std::size_t encode_announcement(std::size_t length, std::span<std::byte> into);

}  // namespace hotline::framing
