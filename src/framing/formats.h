#pragma once

#include <cassert>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "framing/binary_length.h"
#include "hotline/core/bytes.h"
#include "hotline/core/choice.h"
#include "hotline/framing/codec.h"
#include "hotline/framing/framing.h"

namespace hotline::framing {

/// The fault of a text or a payload, and a hint that mends it.
struct Refusal {
  std::string detail;
  std::string advice;
};

/// How one framing is named, read and written. A new framing is an enumerator, its functions in a
/// file of their own, and a row in formats.cc.
struct Format {
  Framing::Kind kind;
  Choice choice;

  bool has_boundaries = true;     ///< Messages keep their boundaries.
  bool says_only_length = false;  ///< The envelope depends only on the length of the message, so a
                                  ///< message of the same length fits in its place.
  LengthField length_field{};  ///< Set if the length is the whole envelope: such frames are found
                               ///< without a function call.
  std::size_t length_max = SIZE_MAX;  ///< The longest payload whose length can be expressed.
  std::size_t header_max = 0;         ///< The longest header, in bytes.
  std::string_view answer{};  ///< The receiver's answer to a header, for which the sender waits;
                              ///< empty: the payload follows at once.

  /// Finds the frame at the beginning of `input`, whose payload has at most `length_max` bytes.
  Decoded (*decode)(const Framing& framing, Bytes input, std::size_t length_max,
                    Decoder::Progress& progress);

  /// Writes the header of a payload of `size` bytes; returns how many bytes of `into` were written.
  /// Null: there is no header.
  std::size_t (*encode_header)(const Format& format, std::size_t size,
                               std::span<std::byte> into) = nullptr;

  /// Returns the bytes that follow a payload; valid as long as `framing`. Null: nothing follows.
  Bytes (*trailer)(const Framing& framing) = nullptr;

  /// Returns true if the payload, whose length can be expressed, can be sent. Null: every payload
  /// can.
  bool (*can_carry)(const Framing& framing, Bytes payload) = nullptr;

  /// Returns why a payload of `size` bytes cannot be sent. Null: every payload can.
  Refusal (*refuse)(const Framing& framing, std::size_t size) = nullptr;

  /// Takes the text after the name and `=`. Null: the name has no value.
  std::expected<void, Refusal> (*take_value)(Framing& framing, std::string_view value) = nullptr;

  /// Returns the text that take_value takes. Null: the name has no value.
  std::string (*value_of)(const Framing& framing) = nullptr;
};

/// Every framing, in the order of the enumerators.
std::span<const Format> formats();

/// Returns the names of the framings that carry any bytes, up to `size` of them, without a round
/// trip: `u32be, varint and mp`.
std::string names_for(std::size_t size);

/// Defined in formats.cc; used by format_of().
extern const Format kFormats[];

inline const Format& format_of(Framing::Kind kind) {
  return kFormats[static_cast<std::size_t>(kind)];
}

}  // namespace hotline::framing
