#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

class OptionTaker;

/// How the boundaries of messages are marked on a stream, which has no boundaries of its own. A
/// value. docs/wire/framing.md describes the formats.
struct Framing {
  enum class Kind : std::uint8_t {
    raw,  ///< No framing: a message is whatever has arrived. Two may arrive as one, and one as two.
    lines,      ///< Text that ends in `\n` or `\r\n`, which are not part of the message.
    u16be,      ///< The length precedes the message: 2 bytes, most significant first.
    u32be,      ///< The length precedes the message: 4 bytes, most significant first.
    u32le,      ///< The length precedes the message: 4 bytes, least significant first.
    i32le,      ///< The same, signed, as `struct.pack('i', n)` returns on common machines.
    varint,     ///< The length precedes the message: 7 bits in each byte, as in Protocol Buffers.
    netstring,  ///< `5:hello,`
    delimiter,  ///< The message ends with bytes that it does not contain.
    fixed,      ///< All messages have the same length.
    ready,      ///< The sender sends a decimal length, the receiver answers `ready`, and the sender
                ///< sends the message.
    mp,         ///< As CPython's multiprocessing.connection sends bytes.
  };

  static constexpr std::size_t kDelimiterBytesMax = 64;

  Kind kind = Kind::raw;
  std::string delimiter{};      ///< For Kind::delimiter: 1 to 64 bytes.
  std::size_t fixed_bytes = 0;  ///< For Kind::fixed: 1 or more.
  std::size_t frame_max =
      16 * 1024 * 1024;  ///< The longest message that is read or written; not used by raw.

  /// Returns the framing of that name: `lines`, `fixed=512`, `delimiter=%00` (%XX is a byte). Fails
  /// with `invalid_argument`; the hint names all framings.
  static Result<Framing> parse(std::string_view text);

  /// Takes the options `framing` and `max`; without them the framing is raw. Fails if `max` is
  /// given without a framing.
  static Result<Framing> take_from(OptionTaker& taker);

  /// Returns the framing in the form that parse() takes: `fixed=512`.
  std::string to_string() const;

  /// Returns true if messages have boundaries, as with all framings except raw.
  bool has_boundaries() const;

  /// Returns true if several messages may be in transit at once. With `ready` only one may: the
  /// sender waits for the receiver before each.
  bool can_pipeline() const;

  bool operator==(const Framing&) const = default;
};

/// Returns every framing, in the order of the enumerators, in the form that parse() takes.
std::span<const Choice> framing_names();

}  // namespace hotline
