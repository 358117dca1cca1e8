#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/framing/framing.h"

namespace hotline {

class Endpoint;

/// What stands at the beginning of some bytes.
struct Decoded {
  enum class Outcome : std::uint8_t {
    frame,      ///< A whole frame: `payload_begin`, `payload_bytes`, `frame_bytes`.
    more,       ///< The beginning of one: come again with the same bytes and others after them.
    malformed,  ///< No frame begins like this: `reason`.
    too_large,  ///< One over Framing::frame_max: `reason`.
  };

  Outcome outcome = Outcome::more;
  std::size_t payload_begin = 0;
  std::size_t payload_bytes = 0;
  std::size_t frame_bytes = 0;   ///< How many bytes to skip to come to the next frame.
  std::size_t wanted_bytes = 0;  ///< Of `more`: the total number of bytes needed at least, counted
                                 ///< from the beginning of the frame; more than there were.
  std::string_view reason{};     ///< Why it was refused: a literal.
};

/// Finds frames in bytes. No I/O, no memory of the bytes: only how far it has looked, so that bytes
/// that come one by one are looked at once. After `malformed` or `too_large` the stream is lost.
class Decoder {
 public:
  /// `framing` must outlive this object.
  explicit Decoder(const Framing& framing) : framing_(framing) {}

  /// Looks at `input`, which begins where a frame begins: the first one, or after the last that was
  /// found. After `more` it begins with what it was then. Sizes are checked against frame_max
  /// before anybody needs memory for them. An empty input is `more`; on Framing::Kind::raw any
  /// other input is one frame.
  Decoded decode(Bytes input);

  const Framing& framing() const { return framing_; }

  /// Returns what the sender waits for before it sends more, after a decode() that found `more`;
  /// empty with a framing that can pipeline, and while a header is not there yet. Who receives
  /// sends it, calls note_answered(), and then decodes the same bytes and others after them. That
  /// the header is whole may be certain only after a moment in which nothing came: more of it may
  /// be decoded in place of the answer.
  Bytes answer() const;

  /// Notes that the answer has been sent. Only where answer() is not empty.
  void note_answered();

  /// How far a decoder has come in a frame.
  struct Progress {
    std::size_t looked_at = 0;  ///< Of the input: what need not be looked at again.
    bool is_answered = false;   ///< The header was answered.
  };

 private:
  const Framing& framing_;
  Progress progress_;
};

/// What goes around one payload, on the wire.
class Envelope {
 public:
  /// The longest header of any framing.
  static constexpr std::size_t kHeaderBytesMax = 24;

  Bytes header() const { return Bytes(header_).first(header_bytes_); }
  Bytes trailer() const { return trailer_; }

  /// What the receiver answers to the header before the payload may be sent; empty with a framing
  /// that can pipeline.
  Bytes answer() const { return answer_; }

 private:
  friend Result<Envelope> encode(const Framing& framing, Bytes payload);

  std::array<std::byte, kHeaderBytesMax> header_{};
  std::uint8_t header_bytes_ = 0;
  Bytes trailer_;  ///< Of static storage, or of the framing.
  Bytes answer_;   ///< Of static storage.
};

/// Returns the envelope of `payload`; valid as long as `framing`. Fails with `too_large` if it is
/// longer than frame_max or than the format can say, and with `invalid_argument` if the format
/// cannot carry it (a line with a newline in it, a delimiter in the payload, a length that is not
/// the fixed one): then nothing may be sent.
Result<Envelope> encode(const Framing& framing, Bytes payload);

/// Same as encode(); the endpoint of an error is `peer`.
Result<Envelope> encode_for(const Endpoint& peer, const Framing& framing, Bytes payload);

}  // namespace hotline
