#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// One option of the program or of a sub-command. Parsing, errors, help, man pages and completions
/// use these rows.
struct OptionRow {
  std::string name;        ///< The name with its dashes: `--linger`.
  char letter = 0;         ///< The letter of its short form, such as `v` of `-v`; 0 without one.
  std::string value = {};  ///< The name of its value, such as `TIME`; empty if it takes none.
  std::string help = {};   ///< Its effect and its default.
  std::vector<std::string> choices = {};  ///< The values that completions propose.
  bool is_listed = true;                  ///< Whether help and completions show it.

  bool takes_value() const { return !value.empty(); }

  /// `-v, --verbose` or `--linger TIME`.
  std::string usage() const {
    return (letter == 0 ? "" : std::string{'-', letter} + ", ") + name +
           (takes_value() ? " " + value : "");
  }
};

/// How many words an operand may have.
enum class Repeats : bool { no, yes };

/// Words of a command line that are not options.
struct Operand {
  std::string name;   ///< `ENDPOINT`.
  std::string usage;  ///< Its form in the synopsis: `[MESSAGE]...`.
  Repeats repeats = Repeats::no;
  std::vector<std::string> (*choices)() =
      nullptr;  ///< Returns what completions propose; null: nothing is proposed.
};

}  // namespace hotline::cli
