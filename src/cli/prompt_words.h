#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/result.h"

// The words of a line that is typed at the prompt for files.
//
// Blanks separate words; `'` and `"` hold a word together, and `\` takes the meaning from the next
// character, as in a shell. A word is kept as a pattern: what was quoted of `*?[\` has a `\` before
// it.

namespace hotline::cli {

/// How far the last word of a line is.
struct OpenWord {
  std::string pattern{};     ///< Empty if the line ends with a blank.
  char quote = 0;            ///< The quote that is open; 0: none.
  bool is_escaping = false;  ///< The line ends with a `\`.
};

/// A line in words, of which the last may be unfinished.
struct PromptWords {
  std::vector<std::string> whole{};  ///< The words before the last.
  OpenWord last{};
};

/// Splits what is before the cursor.
PromptWords split_unfinished(std::string_view line);

/// Splits a whole line. There are no words on a blank line, and on one whose first word begins with
/// `#`. Fails with a usage_error() if a quote is open at the end.
Result<std::vector<std::string>> split_prompt_line(std::string_view line);

/// Returns what a word says when it is not a pattern.
std::string plain_text(std::string_view pattern);

/// Returns the pattern that matches `text` only.
std::string pattern_of(std::string_view text);

/// Returns `text` as it is typed within `quote`, or outside of quotes if that is 0.
std::string typed_text(std::string_view text, char quote);

}  // namespace hotline::cli
