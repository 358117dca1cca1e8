#include "cli/prompt_command.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/command_uploads.h"
#include "cli/subcommands.h"
#include "cli/text_layout.h"

namespace hotline::cli {
namespace {

/// They are about the connection, which is open.
constexpr std::array<std::string_view, 3> kConnectionOptions = {"--timeout", "--retry-for",
                                                                "--home"};

std::string typed_form(const PromptCommand& command) {
  std::string text(command.name);
  if (!command.usage.empty()) text += ' ' + std::string(command.usage);
  return text;
}

}  // namespace

const std::vector<PromptCommand>& prompt_commands() {
  using enum PromptWord;
  static const std::vector<PromptCommand> kCommands = {
      {"ls", "[-l] [-r] [PATH]", "lists a directory, or what matches", remote_pattern, nothing,
       "ls"},
      {"cd", "[PATH]", "goes to a directory at the server; without PATH to the home", remote_name},
      {"pwd", "", "prints that directory"},
      {"get", "[-r] [-f] [-n] PATH... [--to WHERE]", "gets files", remote_pattern, local_name,
       "get"},
      {"put", "[-r] [-f] [-n] FILE... [--to PATH]", "puts files", local_pattern, remote_name,
       "put"},
      {"cat", "PATH...", "prints the content of files", remote_pattern, nothing, "get"},
      {"mkdir", "[-p] PATH...", "makes directories", remote_name, nothing, "mkdir"},
      {"rm", "[-r] [-n] PATH...", "removes files", remote_pattern, nothing, "rm"},
      {"mv", "[-f] FROM TO", "renames a file; TO with a / at its end is a directory", remote_name,
       nothing, "mv"},
      {"sum", "[--digest md5] PATH...", "prints digests of files", remote_pattern, nothing, "sum"},
      {"quota", "[PATH]", "prints what is used, in a share or in the home", remote_name, nothing,
       "quota"},
      {"uploads", "[--drop PATH] [--drop-all]", "lists or drops unfinished uploads", nothing,
       nothing, "uploads"},
      {"lcd", "[DIR]", "goes to a directory of this machine; without DIR to the first one",
       local_name},
      {"lls", "[DIR]", "lists a directory of this machine", local_name},
      {"lpwd", "", "prints the directory of this machine"},
      {"help", "[COMMAND]", "explains a command", command},
      {"quit", "", "ends the prompt, as ^D does"},
  };
  return kCommands;
}

const PromptCommand* find_prompt_command(std::string_view name) {
  const auto& commands = prompt_commands();
  const auto found = std::ranges::find(commands, name, &PromptCommand::name);
  return found == commands.end() ? nullptr : &*found;
}

Subcommand program_command(const PromptCommand& command) {
  std::vector<Subcommand> made = make_subcommand_in({std::string(command.program)});
  // It is a form of `files`.
  if (command.program == "uploads") {
    made.push_back(uploads_subcommand());
    made.back().options = with_common_rows(std::move(made.back().options));
  }
  Subcommand found = std::move(made.front());
  std::erase_if(found.options, [](const OptionRow& each) {
    return std::ranges::count(kConnectionOptions, each.name) > 0;
  });
  return found;
}

std::string prompt_help(const PromptCommand& command) {
  std::string text = typed_form(command) + ": " + std::string(command.summary) + '\n';
  if (command.program.empty()) return text;
  std::vector<Definition> definitions;
  for (const OptionRow& each : program_command(command).options) {
    if (each.is_listed) definitions.push_back({each.usage(), each.help});
  }
  return text + two_columns(definitions);
}

std::string prompt_help() {
  std::vector<Definition> definitions;
  for (const PromptCommand& each : prompt_commands()) {
    definitions.push_back({typed_form(each), std::string(each.summary)});
  }
  return two_columns(definitions) + '\n' +
         fill(
             "A PATH is at the server: `*`, `?`, `[a-z]` and `**` in it stand for what is there, "
             "and / is the home. '…', \"…\" and \\ take the meaning from blanks and signs. ^C "
             "stops a command; the same command goes on where it stopped.\n");
}

}  // namespace hotline::cli
