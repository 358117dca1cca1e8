#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "session/frame.h"

namespace hotline::session {

/// Takes frames out of bytes that arrive in pieces: first a header, then the payload, whole, in
/// parts or not at all. What arrives whole is not copied. At most one payload is kept, and memory
/// for it grows as its bytes arrive.
class FrameReader {
 public:
  /// Removes a header from the front of `input`. Call it if left() is 0. Returns nullopt if more
  /// bytes are needed, and all of `input` was taken; fails as decode_header() does.
  std::expected<std::optional<FrameHeader>, SessionFault> take_header(Bytes& input,
                                                                      std::uint32_t frame_max);

  /// Removes the next `size` bytes of the payload, at most left(), and returns them once all have
  /// arrived. They are valid until the next call, and as long as the input.
  std::optional<Bytes> take(Bytes& input, std::size_t size);

  /// Removes and returns the bytes of the payload that are in `input`; may be empty.
  Bytes take_some(Bytes& input);

  /// Returns how many bytes of the payload were not taken.
  std::size_t left() const { return left_; }

  /// Returns true if a frame has begun and is not complete.
  bool is_within_frame() const { return header_bytes_ > 0 || left_ > 0; }

 private:
  std::array<std::byte, kHeaderBytes> header_{};
  std::size_t header_bytes_ = 0;
  std::size_t left_ = 0;
  std::string gathered_;       ///< The beginning of what take() was asked for.
  bool is_delivered_ = false;  ///< What is gathered was returned.
};

}  // namespace hotline::session
