#include "hotline/framing/codec.h"

#include <cassert>
#include <cstdint>
#include <string>
#include <utility>

#include "framing/formats.h"
#include "framing/outcome.h"
#include "hotline/net/endpoint.h"

namespace hotline {
namespace {

using framing::Format;
using framing::format_of;

std::unexpected<Error> refuse(ErrorKind kind, framing::Refusal refusal) {
  return fail(
      make_error(kind, "send a message", {}, std::move(refusal.detail), std::move(refusal.advice)));
}

std::unexpected<Error> refuse_size(const Framing& framing, std::size_t size) {
  const bool is_over_limit = size > framing.frame_max;
  const std::size_t limit = is_over_limit ? framing.frame_max : format_of(framing.kind).length_max;
  return refuse(
      ErrorKind::too_large,
      {"it has " + std::to_string(size) + " bytes, and " +
           (is_over_limit ? "the limit is " : "the framing says lengths up to ") +
           std::to_string(limit),
       is_over_limit ? std::string("raise max on both sides, as in ?framing=u32be&max=64MiB")
                     : "take a framing with longer lengths: " + framing::names_for(size)});
}

}  // namespace

Decoded Decoder::decode(Bytes input) {
  const Format& format = format_of(framing_.kind);
  return format.decode(framing_, input, framing::payload_max(framing_), progress_);
}

Bytes Decoder::answer() const {
  const bool is_due = progress_.looked_at > 0 && !progress_.is_answered;
  return is_due ? as_bytes(format_of(framing_.kind).answer) : Bytes();
}

void Decoder::note_answered() {
  assert(!answer().empty() && "note_answered() needs a header that waits for its answer");
  progress_.is_answered = true;
}

Result<Envelope> encode(const Framing& framing, Bytes payload) {
  const Format& format = format_of(framing.kind);
  const std::size_t size = payload.size();
  if (format.has_boundaries && size > std::min(framing.frame_max, format.length_max)) {
    return refuse_size(framing, size);
  }
  if (format.can_carry != nullptr && !format.can_carry(framing, payload)) {
    return refuse(ErrorKind::invalid_argument, format.refuse(framing, size));
  }
  Result<Envelope> envelope(std::in_place);
  if (format.encode_header != nullptr) {
    envelope->header_bytes_ =
        static_cast<std::uint8_t>(format.encode_header(format, size, envelope->header_));
  }
  if (format.trailer != nullptr) envelope->trailer_ = format.trailer(framing);
  envelope->answer_ = as_bytes(format.answer);
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
