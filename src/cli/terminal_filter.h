#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/text_character.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {

/// What TerminalFilter lets through besides text.
enum class FilteredColours : std::uint8_t {
  removed,
  kept,  ///< Sequences that only set colours and the like: `ESC [ 31 m`.
};

/// Makes the output of a remote program safe to show at a terminal: removes whole control
/// sequences, other control characters than newline and tab, and marks that change the direction of
/// text. Letters of every language stay. Bytes that are not UTF-8 are shown as `\x80`. Takes the
/// output in pieces, cut anywhere.
class TerminalFilter {
 public:
  explicit TerminalFilter(FilteredColours colours = FilteredColours::removed) : colours_(colours) {}

  /// Returns the part of the text that can be shown and was not returned before. Keeps a character
  /// that the next piece may complete, and the beginning of a colour.
  std::string show(Bytes piece);

  /// Returns what is kept of a character, because nothing completes it any more. If a colour was
  /// set, it is reset.
  std::string finish();

 private:
  enum class State : std::uint8_t {
    text,
    escape,        ///< After ESC.
    intermediate,  ///< After ESC and a character such as `(`: one more follows.
    sequence,      ///< After `ESC [`: up to a letter.
    string,        ///< After `ESC ]` and similar: up to BEL or `ESC \`.
  };

  void take(const TextCharacter& character, std::string_view bytes, std::string& shown);
  bool begin_control(std::uint32_t code);
  State after_escape(std::uint32_t code);
  void take_sequence(std::uint32_t code, std::string& shown);

  FilteredColours colours_;
  State state_ = State::text;
  std::string kept_;        ///< A character that is cut.
  std::string parameters_;  ///< The sequence so far, while it may be a colour.
  bool may_be_colour_ = false;
  bool is_coloured_ = false;
};

}  // namespace hotline::cli
