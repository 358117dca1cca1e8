#include "hotline/framing/codec.h"

#include <bit>
#include <cassert>
#include <cstdint>
#include <string>
#include <utility>

#include "framing/binary_length.h"
#include "framing/decimal_length.h"
#include "framing/outcome.h"
#include "framing/terminated.h"
#include "framing/wire_format.h"

namespace hotline {
namespace {

using std::endian;

Decoded decode_fixed(Bytes input, std::size_t fixed_bytes, std::size_t length_max) {
  assert(fixed_bytes > 0);
  return input.empty() ? framing::more(fixed_bytes)
                       : framing::frame_of_length(input, 0, fixed_bytes, length_max);
}

/// The longest payload whose length the format can say.
std::size_t format_max(Framing::Kind kind) {
  switch (kind) {
    case Framing::Kind::u16be: return framing::kU16LengthMax;
    case Framing::Kind::u32be:
    case Framing::Kind::u32le: return framing::kU32LengthMax;
    case Framing::Kind::i32le: return framing::kI32LengthMax;
    default: return SIZE_MAX;
  }
}

std::unexpected<Error> refuse(ErrorKind kind, std::string detail, std::string advice) {
  return fail(make_error(kind, "send a message", {}, std::move(detail), std::move(advice)));
}

constexpr std::string_view kAnyBytes = "u32be, varint and netstring carry any bytes";

std::unexpected<Error> refuse_size(const Framing& framing, std::size_t size) {
  const bool is_over_limit = size > framing.frame_max;
  const std::size_t limit = is_over_limit ? framing.frame_max : format_max(framing.kind);
  return refuse(ErrorKind::too_large,
                "it has " + std::to_string(size) + " bytes, and " +
                    (is_over_limit ? "the limit is " : "the framing says lengths up to ") +
                    std::to_string(limit),
                is_over_limit ? "raise max on both sides, as in ?framing=u32be&max=64MiB"
                              : "take a framing with longer lengths: u32be, varint or mp");
}

/// Whether the format can carry what is in `payload`, whose length it can say.
bool can_carry(const Framing& framing, Bytes payload) {
  switch (framing.kind) {
    case Framing::Kind::raw: return !payload.empty();
    case Framing::Kind::lines: return framing::is_line(payload);
    case Framing::Kind::delimiter:
      assert(!framing.delimiter.empty() && framing.delimiter.size() <= Framing::kDelimiterBytesMax);
      return framing::is_free_of(payload, as_bytes(framing.delimiter));
    case Framing::Kind::fixed: return payload.size() == framing.fixed_bytes;
    default: return true;
  }
}

std::unexpected<Error> refuse_content(const Framing& framing, std::size_t size) {
  switch (framing.kind) {
    case Framing::Kind::raw:
      return refuse(ErrorKind::invalid_argument, "raw has no empty messages",
                    "take a framing on both sides, as in ?framing=u32be");
    case Framing::Kind::lines:
      return refuse(ErrorKind::invalid_argument,
                    "a line can neither hold a newline nor end in a carriage return",
                    std::string(kAnyBytes));
    case Framing::Kind::delimiter:
      return refuse(ErrorKind::invalid_argument, "the delimiter is in it", std::string(kAnyBytes));
    default:
      return refuse(ErrorKind::invalid_argument,
                    "it has " + std::to_string(size) + " bytes, and the framing says " +
                        std::to_string(framing.fixed_bytes),
                    "fill it up, or take a framing with lengths, as u32be");
  }
}

Bytes trailer_of(const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::lines: return as_bytes(framing::kLineEnd);
    case Framing::Kind::netstring: return as_bytes(framing::kNetstringTrailer);
    case Framing::Kind::delimiter: return as_bytes(framing.delimiter);
    default: return {};
  }
}

/// Returns how many bytes of `into` that were.
std::size_t write_header(Framing::Kind kind, std::size_t size, std::span<std::byte> into) {
  switch (kind) {
    case Framing::Kind::raw:
    case Framing::Kind::lines:
    case Framing::Kind::delimiter:
    case Framing::Kind::fixed: return 0;
    case Framing::Kind::u16be:
      return framing::store<endian::big>(static_cast<std::uint16_t>(size), into.data());
    case Framing::Kind::u32be:
      return framing::store<endian::big>(static_cast<std::uint32_t>(size), into.data());
    case Framing::Kind::u32le:
    case Framing::Kind::i32le:
      return framing::store<endian::little>(static_cast<std::uint32_t>(size), into.data());
    case Framing::Kind::varint: return framing::encode_varint(size, into.data());
    case Framing::Kind::mp: return framing::encode_mp(size, into.data());
    case Framing::Kind::netstring: return framing::encode_netstring(size, into);
    case Framing::Kind::ready: return framing::encode_announcement(size, into);
  }
  return 0;
}

}  // namespace

Decoded Decoder::decode(Bytes input) {
  const std::size_t length_max = framing::payload_max(framing_);
  switch (framing_.kind) {
    case Framing::Kind::raw:
      return input.empty() ? framing::more(1) : framing::frame(0, input.size(), input.size());
    case Framing::Kind::lines: return framing::decode_line(input, length_max, looked_at_);
    case Framing::Kind::u16be:
    case Framing::Kind::u32be:
    case Framing::Kind::u32le:
    case Framing::Kind::i32le:
      return framing::decode_fixed_header(framing_.kind, input, length_max);
    case Framing::Kind::varint: return framing::decode_varint(input, length_max);
    case Framing::Kind::netstring: return framing::decode_netstring(input, length_max);
    case Framing::Kind::delimiter:
      assert(!framing_.delimiter.empty() &&
             framing_.delimiter.size() <= Framing::kDelimiterBytesMax);
      return framing::decode_delimited(input, as_bytes(framing_.delimiter), length_max, looked_at_);
    case Framing::Kind::fixed: return decode_fixed(input, framing_.fixed_bytes, length_max);
    case Framing::Kind::ready: return decode_ready(input, length_max);
    case Framing::Kind::mp: return framing::decode_mp(input, length_max);
  }
  return framing::malformed("there is no such framing");
}

Decoded Decoder::decode_ready(Bytes input, std::size_t length_max) {
  // The payload may begin with digits too: those that were acknowledged are the length.
  if (!is_acknowledged_) {
    const Decoded decoded = framing::decode_announcement(input, length_max);
    looked_at_ = decoded.outcome == Decoded::Outcome::announced ? decoded.payload_begin : 0;
    return decoded;
  }
  const Decoded decoded = framing::decode_announced(input, looked_at_, length_max);
  if (decoded.outcome == Decoded::Outcome::frame) {
    is_acknowledged_ = false;
    looked_at_ = 0;
  }
  return decoded;
}

void Decoder::acknowledge() {
  assert(framing_.kind == Framing::Kind::ready && looked_at_ > 0);
  is_acknowledged_ = true;
}

Result<Envelope> encode(const Framing& framing, Bytes payload) {
  const bool is_limited = framing.has_boundaries();
  if (is_limited && payload.size() > std::min(framing.frame_max, format_max(framing.kind))) {
    return refuse_size(framing, payload.size());
  }
  if (!can_carry(framing, payload)) return refuse_content(framing, payload.size());
  Result<Envelope> envelope(std::in_place);
  envelope->header_bytes_ =
      static_cast<std::uint8_t>(write_header(framing.kind, payload.size(), envelope->header_));
  envelope->trailer_ = trailer_of(framing);
  return envelope;
}

Result<Envelope> encode_for(const Endpoint& peer, const Framing& framing, Bytes payload) {
  auto envelope = encode(framing, payload);
  if (envelope) return envelope;
  envelope.error().operation = "send a message to";
  envelope.error().endpoint = peer.to_string();
  return envelope;
}

}  // namespace hotline
