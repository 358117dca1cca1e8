#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// What becomes of the control characters in what a peer said: they are shown escaped, or they go
/// out as they are.
enum class Controls : std::uint8_t { escaped, raw };

/// Makes what a peer said safe to show at a terminal: control characters are shown as `\x1b`, so
/// that they do not move its cursor, set its title or write its clipboard. Newlines and tabs stay,
/// and so do letters of every language. Takes the text in pieces, cut anywhere.
class TerminalText {
 public:
  /// Returns what can be shown of the text so far and was not returned before. A character that the
  /// next piece may complete is kept.
  std::string show(Bytes piece);

  /// Returns what is kept; nothing completes it any more.
  std::string finish();

 private:
  std::string kept_;
};

}  // namespace hotline::cli
