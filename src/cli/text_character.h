#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hotline::cli {

/// One character of UTF-8 at the beginning of a text.
struct TextCharacter {
  enum class Kind : std::uint8_t {
    whole,
    invalid,  ///< Its first byte belongs to no character.
    cut,      ///< The text ends within it.
  };

  std::size_t size = 1;    ///< In bytes.
  std::uint32_t code = 0;  ///< If it is whole.
  Kind kind = Kind::invalid;

  /// Returns the first character of `text`, which must not be empty.
  static TextCharacter first_of(std::string_view text);

  /// Returns true for the characters of C0, except newline and tab, and of C1, and for those that
  /// change the direction of text or break lines invisibly.
  bool is_control() const;
};

}  // namespace hotline::cli
