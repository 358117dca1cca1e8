#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/result.h"

namespace hotline::cli {

/// What a command takes, by name: `-v,--verbose` names one option twice.
struct CommandShape {
  std::string name;
  std::vector<std::string> flags;
  std::vector<std::string> options;  ///< Those with a value.
  std::size_t words_max = 0;         ///< How many words that are no options.
};

/// The arguments of one command, taken apart but not understood yet.
struct Arguments {
  std::string command;             ///< Empty if none was given.
  std::vector<std::string> words;  ///< What is no option; behind `--` nothing is.
  std::map<std::string, std::string>
      options;  ///< `--linger` to its last value; flags to an empty one.

  bool has(const std::string& option) const { return options.contains(option); }
};

/// Takes `words` (those of main without the program's own name) apart. Options may stand anywhere
/// before `--`. `program` has the flags and options that stand before a command and with every one.
/// Fails with `invalid_argument`; an unknown option's or command's hint names the known ones.
Result<Arguments> take_apart(const std::vector<std::string>& words, const CommandShape& program,
                             const std::vector<CommandShape>& commands);

}  // namespace hotline::cli
