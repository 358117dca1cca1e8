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

/// What is wrong with a text or a payload, and what would be right.
struct Refusal {
  std::string detail;
  std::string advice;
};

/// How one framing is named, read and written. A new framing is an enumerator, its functions in a
/// file of their own, and a row in formats.cc.
struct Format {
  Framing::Kind kind;
  Choice choice;

  bool has_boundaries = true;     ///< Messages do not come in other pieces than they were sent.
  bool says_only_length = false;  ///< What goes around a message depends on its length alone, and
                                  ///< in one way: one of the same length fits in its place.
  LengthField length_field{};     ///< Given where it is all that goes around a message: such
                                  ///< frames are found without a call.
  std::size_t length_max = SIZE_MAX;  ///< The longest payload whose length can be said.
  std::size_t header_max = 0;         ///< The longest header, in bytes.
  std::string_view answer{};          ///< What the receiver of a header sends before the payload
                                      ///< comes; empty: the payload follows at once.

  /// Finds the frame at the beginning of `input`, whose payload has at most `length_max` bytes.
  Decoded (*decode)(const Framing& framing, Bytes input, std::size_t length_max,
                    Decoder::Progress& progress);

  /// Writes the header of a payload of `size` bytes; returns how many bytes of `into` that were.
  /// Null: there is none.
  std::size_t (*encode_header)(const Format& format, std::size_t size,
                               std::span<std::byte> into) = nullptr;

  /// Returns what follows a payload; valid as long as `framing`. Null: nothing does.
  Bytes (*trailer)(const Framing& framing) = nullptr;

  /// Returns whether a payload of a length that can be said can be sent. Null: any can.
  bool (*can_carry)(const Framing& framing, Bytes payload) = nullptr;

  /// Says why a payload of `size` bytes cannot be carried. Null if any can.
  Refusal (*refuse)(const Framing& framing, std::size_t size) = nullptr;

  /// Takes what follows the name and `=`. Null: nothing may.
  std::expected<void, Refusal> (*take_value)(Framing& framing, std::string_view value) = nullptr;

  /// Returns what take_value takes. Null: nothing.
  std::string (*value_of)(const Framing& framing) = nullptr;
};

/// Every framing, in the order of the enumerators.
std::span<const Format> formats();

/// Returns the names of the framings that carry any bytes, up to `size` of them, without a round
/// trip: `u32be, varint and mp`.
std::string names_for(std::size_t size);

/// In formats.cc; for format_of.
extern const Format kFormats[];

inline const Format& format_of(Framing::Kind kind) {
  return kFormats[static_cast<std::size_t>(kind)];
}

}  // namespace hotline::framing
