#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/framing/framing.h"

namespace hotline HOTLINE_PUBLIC {

class Endpoint;

/// The result of one decode(): what some bytes begin with.
struct Decoded {
  enum class Outcome : std::uint8_t {
    frame,  ///< A whole frame: `payload_begin`, `payload_bytes`, `frame_bytes`.
    more,   ///< The beginning of a frame: call decode() again with the same bytes followed by later
            ///< ones.
    malformed,  ///< No frame begins like this; see `reason`.
    too_large,  ///< A frame longer than Framing::frame_max; see `reason`.
  };

  Outcome outcome = Outcome::more;
  std::size_t payload_begin = 0;
  std::size_t payload_bytes = 0;
  std::size_t frame_bytes = 0;  ///< The number of bytes from here to the next frame.
  /// For `more`: the number of bytes of the frame, counted from its beginning, that decode() needs
  /// before it can return anything else. It is larger than the size of the input.
  std::size_t wanted_bytes = 0;
  std::string_view reason{};  ///< Why the bytes were refused; a literal.
};

/// Finds frames in bytes, without I/O. It does not keep the bytes; it remembers how many of them it
/// has examined, so that each byte is examined once even if the bytes arrive one by one. After
/// `malformed` or `too_large` the stream cannot be decoded any further.
class Decoder {
 public:
  /// `framing` must outlive this object.
  explicit Decoder(const Framing& framing) : framing_(framing) {}

  /// Decodes `input`, which begins where a frame begins: the first frame, or the one after the last
  /// that was found. After `more`, `input` begins with the same bytes as before. Sizes are checked
  /// against frame_max before memory is needed for them. An empty input is `more`; with
  /// Framing::Kind::raw any other input is one frame.
  Decoded decode(Bytes input);

  const Framing& framing() const { return framing_; }

  /// Returns the answer for which the sender waits before it sends the payload. Call it after a
  /// decode() that returned `more`. It is empty with a framing that can pipeline, and until the
  /// header has arrived. If it is not empty, send it, call note_answered(), and decode the same
  /// bytes followed by later ones. With Kind::ready only a pause shows that the header is complete:
  /// wait a moment first, and if more bytes arrive, decode again instead of answering.
  Bytes answer() const;

  /// Notes that the answer has been sent. Call it only if answer() is not empty.
  void note_answered();

  /// The progress of a decoder within a frame.
  struct Progress {
    std::size_t looked_at = 0;  ///< Bytes of the input that have been examined.
    bool is_answered = false;   ///< The header has been answered.
  };

 private:
  const Framing& framing_;
  Progress progress_;
};

/// The bytes before and after one payload on the wire.
class Envelope {
 public:
  /// The longest header of any framing.
  static constexpr std::size_t kHeaderBytesMax = 24;

  Bytes header() const { return Bytes(header_).first(header_bytes_); }
  Bytes trailer() const { return trailer_; }

  /// The receiver's answer to the header, for which the sender waits before it sends the payload;
  /// empty with a framing that can pipeline.
  Bytes answer() const { return answer_; }

 private:
  friend Result<Envelope> encode(const Framing& framing, Bytes payload);

  std::array<std::byte, kHeaderBytesMax> header_{};
  std::uint8_t header_bytes_ = 0;
  Bytes trailer_;  ///< In static storage, or in the framing.
  Bytes answer_;   ///< In static storage.
};

/// Returns the envelope of `payload`; valid as long as `framing`. Fails with `too_large` if the
/// payload is longer than frame_max or than the format can express, and with `invalid_argument` if
/// the format cannot carry it (a line that contains a newline, a payload that contains the
/// delimiter, a length other than the fixed one). Nothing may be sent after a failure.
Result<Envelope> encode(const Framing& framing, Bytes payload);

/// Same as above; an error names the endpoint `peer`.
Result<Envelope> encode_for(const Endpoint& peer, const Framing& framing, Bytes payload);

}  // namespace hotline
