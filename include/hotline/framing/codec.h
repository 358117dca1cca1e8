#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/framing/framing.h"
#include "hotline/net/endpoint.h"

namespace hotline {

/// What stands at the beginning of some bytes.
struct Decoded {
  enum class Outcome : std::uint8_t {
    frame,      ///< A whole frame: `payload_begin`, `payload_bytes`, `frame_bytes`.
    more,       ///< The beginning of one: come again with the same bytes and others behind them.
    announced,  ///< Kind::ready only: a length, `payload_bytes`, unless more digits follow. Whoever
                ///< receives answers `ready` and calls acknowledge(); then come again with the
                ///< same bytes and others behind them.
    ready,      ///< Kind::ready only: the peer's `ready`: `frame_bytes` are it, no payload.
    malformed,  ///< No frame begins like this: `reason`.
    too_large,  ///< One over Framing::frame_max: `reason`.
  };

  Outcome outcome = Outcome::more;
  std::size_t payload_begin = 0;
  std::size_t payload_bytes = 0;
  std::size_t frame_bytes = 0;   ///< How many bytes to skip to come to the next frame.
  std::size_t wanted_bytes = 0;  ///< Of `more`: fewer than these, from the beginning of the frame,
                                 ///< are not enough. More than there were.
  std::string_view reason;       ///< A literal.
};

/// Finds frames in bytes. No I/O, no memory of the bytes: only how far it has looked, so that bytes
/// that come one by one are looked at once. After `malformed` or `too_large` the stream is lost.
class Decoder {
 public:
  /// `framing` must outlive this object.
  explicit Decoder(const Framing& framing) : framing_(framing) {}

  /// Looks at `input`, which begins where a frame begins: the first one, or behind the last that
  /// was found. After `more` it begins with what it was then. Sizes are checked against frame_max
  /// before anybody needs memory for them. An empty input is `more`; on Framing::Kind::raw any
  /// other input is one frame.
  Decoded decode(Bytes input);

  const Framing& framing() const { return framing_; }

  /// Kind::ready: `ready` has been sent for the length that the last decode announced.
  void acknowledge();

 private:
  Decoded decode_ready(Bytes input, std::size_t length_max);

  const Framing& framing_;
  std::size_t looked_at_ = 0;  ///< Of the input: what need not be looked at again.
  bool is_acknowledged_ = false;
};

/// What goes around one payload, on the wire.
class Envelope {
 public:
  Bytes header() const { return Bytes(header_).first(header_bytes_); }
  Bytes trailer() const { return trailer_; }

 private:
  friend Result<Envelope> encode(const Framing& framing, Bytes payload);

  std::array<std::byte, 24> header_{};
  std::uint8_t header_bytes_ = 0;
  Bytes trailer_;  ///< Of static storage, or of the framing.
};

/// The envelope of `payload`; valid as long as `framing`. Kind::ready: the header is the length,
/// and the payload goes only after the peer's `ready`. Fails with `too_large` if it is longer than
/// frame_max or than the format can say, and with `invalid_argument` if the format cannot carry it
/// (a line with a newline in it, a delimiter in the payload, a length that is not the fixed one):
/// then nothing may be sent.
Result<Envelope> encode(const Framing& framing, Bytes payload);

/// The same; an error tells for whom it was.
Result<Envelope> encode_for(const Endpoint& peer, const Framing& framing, Bytes payload);

/// What the receiver answers to a length of Kind::ready.
inline constexpr std::string_view kReadyAnswer = "ready";

}  // namespace hotline
