#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// One option of the program or of a sub-command. Parsing, errors, help, man pages and completions
/// all read these rows.
struct OptionRow {
  std::string name;        ///< With its dashes: `--linger`.
  char letter = 0;         ///< The `v` of `-v`; 0 if there is no short form.
  std::string value = {};  ///< What its value is called, `TIME`; empty if it takes none.
  std::string help = {};   ///< What it does, and its default.
  std::vector<std::string> choices = {};  ///< The values that completions propose.
  bool is_listed = true;                  ///< Whether help and completions show it.

  bool takes_value() const { return !value.empty(); }

  /// `-v, --verbose` or `--linger TIME`.
  std::string usage() const {
    return (letter == 0 ? "" : std::string{'-', letter} + ", ") + name +
           (takes_value() ? " " + value : "");
  }
};

/// How many words an operand may be.
enum class Repeats : bool { no, yes };

/// Words of a command line that are not options.
struct Operand {
  std::string name;   ///< `ENDPOINT`.
  std::string usage;  ///< As the synopsis shows it: `[MESSAGE]...`.
  Repeats repeats = Repeats::no;
  std::vector<std::string> (*choices)() = nullptr;  ///< What completions propose; null: nothing.
};

}  // namespace hotline::cli
