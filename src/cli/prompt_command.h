#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_row.h"
#include "cli/subcommand.h"

// What can be typed at the prompt for files.

namespace hotline::cli {

/// What the words of a command name.
enum class PromptWord : std::uint8_t {
  nothing,
  remote_pattern,  ///< Files at the server.
  remote_name,     ///< The same, but not by a pattern.
  local_pattern,   ///< Files of this machine.
  local_name,
  command,
};

/// A command of the prompt.
struct PromptCommand {
  std::string_view name;
  std::string_view usage;  ///< What may follow the name.
  std::string_view summary;
  PromptWord words = PromptWord::nothing;
  PromptWord target = PromptWord::nothing;  ///< What `--to` names.

  /// The command of the program that does the same; empty: the prompt does it itself.
  std::string_view program = {};
};

/// Returns all commands, in the order of the help.
const std::vector<PromptCommand>& prompt_commands();

/// Returns null if there is no such command.
const PromptCommand* find_prompt_command(std::string_view name);

/// Returns the command of the program that does the same, with the options that make sense here.
Subcommand program_command(const PromptCommand& command);

/// Returns what `help NAME` prints; without a command, what `help` prints.
std::string prompt_help(const PromptCommand& command);
std::string prompt_help();

}  // namespace hotline::cli
