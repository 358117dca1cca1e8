#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/framing/codec.h"

// Feeds bytes to a decoder in pieces, for the codec's tests and its fuzzer: the result must be the
// same for all cuts.

namespace hotline::test {

/// Returns how many of the bytes that are left arrive next: 1 or more.
using Cuts = std::function<std::size_t(std::size_t left)>;

/// The result of decoding some bytes.
struct Fed {
  std::vector<std::string> frames{};
  Decoded::Outcome end = Decoded::Outcome::more;  ///< What is after them.
  std::size_t end_begin = 0;                      ///< Where that begins.
  std::string answer{};                           ///< What the sender waits for, at the end.
  std::string problem{};                          ///< What a decoder must not do, if it did.

  bool operator==(const Fed&) const = default;
};

/// Everything at once, or one byte after the other.
inline std::size_t whole(std::size_t left) { return left; }
inline std::size_t one_byte(std::size_t) { return 1; }

/// Checks one answer of a decoder against its contract. Returns what is wrong, or "".
inline std::string problem_in(const Decoded& decoded, Bytes input, const Framing& framing) {
  switch (decoded.outcome) {
    case Decoded::Outcome::more:
      return decoded.wanted_bytes > input.size() ? "" : "more is wanted, but no more than there is";
    case Decoded::Outcome::frame:
      if (decoded.frame_bytes > input.size()) return "a frame is longer than the bytes";
      if (decoded.frame_bytes == 0) return "a frame takes no bytes";
      if (decoded.payload_bytes > decoded.frame_bytes) return "a payload is longer than its frame";
      if (decoded.payload_begin > decoded.frame_bytes - decoded.payload_bytes) {
        return "a payload leaves its frame";
      }
      if (framing.has_boundaries() && decoded.payload_bytes > framing.frame_max) {
        return "a payload is over the limit";
      }
      return "";
    case Decoded::Outcome::malformed:
    case Decoded::Outcome::too_large:
      if (input.empty()) return "nothing is refused";
      return decoded.reason.empty() ? "a refusal has no reason" : "";
  }
  return "there is no such outcome";
}

/// Feeds `input` to a decoder of `framing`. No header is answered.
inline Fed feed(const Framing& framing, Bytes input, const Cuts& cuts) {
  using Outcome = Decoded::Outcome;
  Fed fed;
  Decoder decoder(framing);
  std::size_t arrived = 0;
  std::size_t wanted_end = 0;
  for (;;) {
    const Bytes seen = input.subspan(fed.end_begin, arrived - fed.end_begin);
    const Decoded decoded = decoder.decode(seen);
    fed.end = decoded.outcome;
    fed.answer = as_text(decoder.answer());
    fed.problem = problem_in(decoded, seen, framing);
    if (!fed.problem.empty()) return fed;
    const bool is_refused =
        decoded.outcome == Outcome::malformed || decoded.outcome == Outcome::too_large;
    if (is_refused) return fed;
    if (decoded.outcome == Outcome::frame) {
      if (arrived < wanted_end) fed.problem = "a frame came with fewer bytes than were wanted";
      fed.frames.emplace_back(as_text(seen.subspan(decoded.payload_begin, decoded.payload_bytes)));
      fed.end_begin += decoded.frame_bytes;
      wanted_end = 0;
      continue;
    }
    if (decoded.outcome == Outcome::more) wanted_end = fed.end_begin + decoded.wanted_bytes;
    if (arrived == input.size()) return fed;
    arrived += std::clamp<std::size_t>(cuts(input.size() - arrived), 1, input.size() - arrived);
  }
}

/// Feeds a header and then its payload, in a framing whose headers are answered: this one is once
/// all of it is there.
inline Fed feed_answered(const Framing& framing, Bytes header, Bytes payload, const Cuts& cuts) {
  Fed fed;
  Decoder decoder(framing);
  std::string arrived;
  Decoded decoded;
  const auto look = [&] {
    decoded = decoder.decode(as_bytes(arrived));
    fed.end = decoded.outcome;
    if (fed.problem.empty()) fed.problem = problem_in(decoded, as_bytes(arrived), framing);
  };
  const auto arrive = [&](Bytes part) {
    while (!part.empty()) {
      const auto size = std::clamp<std::size_t>(cuts(part.size()), 1, part.size());
      arrived += as_text(part.first(size));
      part = part.subspan(size);
      look();
    }
  };
  arrive(header);
  fed.answer = as_text(decoder.answer());
  if (fed.answer.empty()) return fed;
  decoder.note_answered();
  look();
  arrive(payload);
  if (fed.end != Decoded::Outcome::frame) return fed;
  fed.end_begin = decoded.frame_bytes;
  fed.frames.emplace_back(
      as_text(as_bytes(arrived).subspan(decoded.payload_begin, decoded.payload_bytes)));
  return fed;
}

/// Returns the bytes of `payload` in its envelope.
inline std::string wire(const Framing& framing, std::string_view payload) {
  const auto envelope = encode(framing, as_bytes(payload));
  if (!envelope) return "<" + envelope.error().message() + ">";
  return std::string(as_text(envelope->header()))
      .append(payload)
      .append(as_text(envelope->trailer()));
}

/// Returns the bytes of `payloads`, each in its envelope.
inline std::string wire_of(const Framing& framing, const std::vector<std::string>& payloads) {
  std::string text;
  for (const std::string& payload : payloads) text += wire(framing, payload);
  return text;
}

/// The framings in which messages can be sent ahead.
inline const std::vector<std::string> kPipelined = {"lines",        "u16be",  "u32be",     "u32le",
                                                    "i32le",        "varint", "netstring", "mp",
                                                    "delimiter=--", "fixed=5"};

}  // namespace hotline::test
