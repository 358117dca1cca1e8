#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/result.h"

namespace hotline {

class OptionTaker;

/// How messages keep their boundaries on a stream, which has none of its own. A value. The formats
/// stand in docs/wire/framing.md.
struct Framing {
  enum class Kind : std::uint8_t {
    raw,  ///< No framing: a message is whatever has arrived. Two may arrive as one, and one as two.
    lines,      ///< Text that ends in `\n` or `\r\n`, which are not part of the message.
    u16be,      ///< The length precedes the message: 2 bytes, most significant first.
    u32be,      ///< The same with 4 bytes.
    u32le,      ///< The same, least significant first.
    i32le,      ///< The same, signed, as `struct.pack('i', n)` gives on common machines.
    varint,     ///< The length precedes the message: 7 bits in each byte, as in Protocol Buffers.
    netstring,  ///< `5:hello,`
    delimiter,  ///< Ends in bytes that the message does not contain.
    fixed,      ///< All messages have the same length.
    ready,      ///< A decimal length; the receiver answers `ready`; then the message.
    mp,         ///< As CPython's multiprocessing.connection sends bytes.
  };

  static constexpr std::size_t kDelimiterBytesMax = 64;

  Kind kind = Kind::raw;
  std::string delimiter{};                   ///< For Kind::delimiter: 1 to 64 bytes.
  std::size_t fixed_bytes = 0;               ///< For Kind::fixed: 1 or more.
  std::size_t frame_max = 16 * 1024 * 1024;  ///< The longest message that is read or written; raw
                                             ///< knows none.

  /// Returns the framing of that name: `lines`, `fixed=512`, `delimiter=%00` (%XX is a byte). Fails
  /// with `invalid_argument`; the hint names all framings.
  static Result<Framing> parse(std::string_view text);

  /// Takes the options `framing` and `max`: raw, if they are not there. `max` without a framing has
  /// no meaning and fails.
  static Result<Framing> take_from(OptionTaker& taker);

  /// Returns the framing in the form that parse() takes: `fixed=512`.
  std::string to_string() const;

  /// Returns whether messages have boundaries: all framings but raw have.
  bool has_boundaries() const;

  /// Returns whether several messages may be under way at once. Only with ready they may not: it
  /// waits for the receiver before each.
  bool can_pipeline() const;

  bool operator==(const Framing&) const = default;
};

/// Returns every framing, in the order of the enumerators, as parse takes it.
std::span<const Choice> framing_names();

}  // namespace hotline
