#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_row.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// What a command line may contain: the options and words of one command, or of the program.
struct CommandShape {
  std::string name;  ///< Empty for the program.
  std::vector<OptionRow> options;
  std::size_t words_max = 0;  ///< How many words that are not options.
};

/// The arguments of one command, split but not understood yet.
struct Arguments {
  std::string command = {};  ///< Empty if none was given.
  std::vector<std::string> words =
      {};  ///< The words that are not options; after `--` no word is an option.
  std::optional<std::size_t> words_before_end =
      {};  ///< How many of them precede `--`; nullopt without one.
  std::map<std::string, std::string> options =
      {};  ///< Maps an option, such as `--linger`, to its last value; the value of an option
           ///< without one is empty.

  std::map<std::string, std::vector<std::string>> all =
      {};  ///< Maps an option to all of its values, in their order.

  bool has(const std::string& option) const { return options.contains(option); }
};

/// Splits `words` (the arguments of main without the program's name) into a command, its options
/// and its words. The options of `program` precede the command, and those of a command follow it,
/// also between its words. `--name=VALUE` and `--name VALUE` are the same; `-ab` is the same as `-a
/// -b`. A negative number is a word. Fails with `invalid_argument`; the hint for an unknown option
/// or command names the known ones.
Result<Arguments> split_arguments(const std::vector<std::string>& words,
                                  const CommandShape& program,
                                  const std::vector<CommandShape>& commands);

}  // namespace hotline::cli
