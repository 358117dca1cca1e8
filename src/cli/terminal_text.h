#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Whether control characters in text from a peer are escaped or printed unchanged.
enum class Controls : std::uint8_t { escaped, raw };

/// Makes text from a peer safe to show at a terminal: control characters are shown as `\x1b`, so
/// that they cannot move its cursor, set its title or write its clipboard. Newlines, tabs and
/// letters of every language stay. Takes the text in pieces, cut anywhere.
class TerminalText {
 public:
  /// Returns the part of the text that can be shown and was not returned before. Keeps a character
  /// that the next piece may complete.
  std::string show(Bytes piece);

  /// Returns what is kept, because nothing completes it any more.
  std::string finish();

 private:
  std::string kept_;
};

}  // namespace hotline::cli
