#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/framing/codec.h"

namespace hotline::framing {

inline Decoded more(std::size_t wanted_bytes) {
  return {.outcome = Decoded::Outcome::more, .wanted_bytes = wanted_bytes};
}

inline Decoded malformed(std::string_view reason) {
  return {.outcome = Decoded::Outcome::malformed, .reason = reason};
}

inline Decoded too_large() {
  return {.outcome = Decoded::Outcome::too_large, .reason = "the message is longer than the limit"};
}

inline Decoded frame(std::size_t begin, std::size_t payload_bytes, std::size_t frame_bytes) {
  return {
      .outcome = Decoded::Outcome::frame,
      .payload_begin = begin,
      .payload_bytes = payload_bytes,
      .frame_bytes = frame_bytes,
  };
}

/// The longest payload that may arrive: at most PTRDIFF_MAX, so that the sum of a length and its
/// envelope never wraps.
inline std::size_t payload_max(const Framing& framing) {
  return std::min(framing.frame_max, static_cast<std::size_t>(PTRDIFF_MAX));
}

/// Returns the outcome for a frame of `header_bytes` and then `length` bytes.
inline Decoded frame_of_length(Bytes input, std::size_t header_bytes, std::uint64_t length,
                               std::size_t length_max) {
  if (length > length_max) return too_large();
  const std::size_t frame_bytes = header_bytes + length;
  return input.size() < frame_bytes ? more(frame_bytes) : frame(header_bytes, length, frame_bytes);
}

}  // namespace hotline::framing
