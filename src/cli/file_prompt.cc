#include "cli/file_prompt.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/command_uploads.h"
#include "cli/file_command.h"
#include "cli/local_glob.h"
#include "cli/local_names.h"
#include "cli/option_values.h"
#include "cli/prompt_words.h"
#include "cli/remote_glob.h"
#include "cli/report.h"
#include "hotline/core/nearest_name.h"
#include "hotline/engine/directory.h"

namespace hotline::cli {
namespace {

Error unknown_prompt_command(std::string_view name) {
  std::vector<std::string> names;
  for (const PromptCommand& each : prompt_commands()) names.emplace_back(each.name);
  return usage_error("there is no command " + quote(name),
                     did_you_mean(std::string(name), names) + "'help' lists the commands");
}

/// Standard input has the lines of the prompt.
Error no_input_here(const std::string& endpoint) {
  return usage_error("standard input cannot be put here",
                     "write 'hotline put " + endpoint + " - --to NAME' in a shell");
}

bool is_dot(std::string_view name) {
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  const std::string_view leaf = name.substr(name.rfind('/') + 1);
  return leaf == "." || leaf == "..";
}

}  // namespace

std::string FilePrompt::prompt() const { return '/' + shown_path(places_.remote()) + " >>: "; }

ExitStatus FilePrompt::run(std::string_view line) {
  auto words = split_prompt_line(line);
  if (!words) return report_error(words.error(), ExitStatus::usage, common_.output);
  if (words->empty()) return ExitStatus::ok;
  const std::string name = plain_text(words->front());
  const PromptCommand* command = find_prompt_command(name);
  if (command == nullptr) {
    return report_error(unknown_prompt_command(name), ExitStatus::usage, common_.output);
  }
  words->erase(words->begin());
  return command->program.empty() ? run_own(*command, *words)
                                  : run_program(*command, *std::move(words));
}

ExitStatus FilePrompt::run_program(const PromptCommand& command, Words words) {
  const Subcommand program = program_command(command);
  Words line = {program.name, link_.to().uri};
  if (command.name == "cat") line.insert(line.end(), {"--to", "-"});
  line.insert(line.end(), std::make_move_iterator(words.begin()),
              std::make_move_iterator(words.end()));
  auto given = split_arguments(line, {.name = "", .options = {}}, {program.shape()});
  if (!given) return report_error(at_prompt(given.error()), ExitStatus::usage, common_.output);
  if (given->has("--help")) {
    return print_output(prompt_help(command), ExitStatus::ok, common_.output);
  }
  if (auto placed = place(command, *given); !placed) {
    const bool is_usage = placed.error().kind == ErrorKind::invalid_argument;
    return report_error(placed.error(), is_usage ? ExitStatus::usage : ExitStatus::failed,
                        common_.output);
  }
  CommonOptions common = common_;
  if (given->has("--json")) common.output = OutputForm::json;
  link_.set_form(common.output);
  const ExitStatus status = program.run_on(link_, *given, common);
  link_.set_form(common_.output);
  return status;
}

/// Makes paths out of words that are relative to where the user is.
Result<void> FilePrompt::place(const PromptCommand& command, Arguments& given) const {
  if (auto placed = place_words(command, given); !placed) return placed;
  place_options(command, given);
  return {};
}

Result<void> FilePrompt::place_words(const PromptCommand& command, Arguments& given) const {
  // The first one is the endpoint.
  if (command.name == "ls" && given.words.size() == 1) given.words.emplace_back(".");
  Words placed = {given.words.front()};
  for (std::size_t i = 1; i < given.words.size(); ++i) {
    const std::string& word = given.words[i];
    // It would be the directory where the user is.
    if (plain_text(word).empty())
      return fail(usage_error("an empty word names nothing", "see 'ls'"));
    if (command.words == PromptWord::local_pattern) {
      if (word == "-") return fail(no_input_here(link_.to().uri));
      const auto found = find_local(places_.local_pattern(word));
      if (!found) return fail(found.error());
      for (const std::string& each : *found) placed.push_back(each == "-" ? "./-" : each);
      continue;
    }
    if (command.name == "rm" && is_dot(word)) {
      return fail(usage_error(quote(word) + " cannot be removed", "write its name"));
    }
    const bool is_pattern = command.words == PromptWord::remote_pattern && !given.has("--literal");
    placed.push_back(is_pattern ? places_.remote_pattern(word) : places_.remote_name(word));
  }
  given.words = std::move(placed);
  return {};
}

void FilePrompt::place_options(const PromptCommand& command, Arguments& given) const {
  for (auto& [option, values] : given.all) {
    for (std::string& each : values) {
      const bool is_path = option == "--to" || option == "--drop";
      each = is_path ? placed_target(command, each) : plain_text(each);
    }
    given.options[option] = values.back();
  }
  if (command.target == PromptWord::nothing || given.has("--to")) return;
  const bool is_remote = command.target == PromptWord::remote_name;
  given.options["--to"] = is_remote ? places_.remote_name("./") : places_.local();
}

std::string FilePrompt::placed_target(const PromptCommand& command, const std::string& word) const {
  if (command.name == "cat") return word;
  if (command.name == "uploads" && is_upload_key(plain_text(word))) return plain_text(word);
  const bool is_output = command.target == PromptWord::local_name && word == "-";
  if (is_output) return word;
  return command.target == PromptWord::local_name ? places_.local_name(word)
                                                  : places_.remote_name(word);
}

ExitStatus FilePrompt::run_own(const PromptCommand& command, const Words& words) {
  const std::size_t words_max = command.words == PromptWord::nothing ? 0 : 1;
  if (words.size() > words_max) {
    return report_error(usage_error("one word too many: " + quote(plain_text(words.back())),
                                    "'help " + std::string(command.name) + "' explains it"),
                        ExitStatus::usage, common_.output);
  }
  const std::string word = words.empty() ? std::string() : words.front();
  if (command.name == "cd") return change_directory(words.empty() ? "/" : word);
  if (command.name == "pwd") return print_place('/' + places_.remote());
  if (command.name == "lcd") return change_local_directory(words);
  if (command.name == "lls") return list_local(word);
  if (command.name == "lpwd") return print_local_place();
  if (command.name == "help") return help(words);
  return ExitStatus::ok;
}

ExitStatus FilePrompt::change_directory(const std::string& word) {
  const auto path = read_remote_path(places_.remote_name(word));
  if (!path) return report_error(path.error(), ExitStatus::usage, common_.output);
  const auto stat = link_.perform<FileDescription>(
      [&](FileClient& client) { return client.stat({.path = *path}); });
  if (!stat) return report_file_failure(stat.error(), link_);
  if (stat->meta.kind != FileKind::directory) {
    Error error = make_error(ErrorKind::invalid_argument, "go to a directory of", link_.to().uri,
                             quote(path->text()) + " is not a directory");
    return report_error(error, ExitStatus::denied, common_.output);
  }
  places_.set_remote(path->text());
  return ExitStatus::ok;
}

ExitStatus FilePrompt::change_local_directory(const Words& words) {
  if (words.empty()) return places_.set_local({}), ExitStatus::ok;
  const std::string path = places_.local_name(words.front());
  const auto opened = Directory::open(path);
  if (!opened) return report_error(opened.error(), ExitStatus::failed, common_.output);
  places_.set_local(path);
  return ExitStatus::ok;
}

ExitStatus FilePrompt::list_local(const std::string& word) const {
  const std::string path = word.empty() ? places_.local() : places_.local_name(word);
  const auto found = local_names(path);
  if (!found) return report_error(found.error(), ExitStatus::failed, common_.output);
  std::vector<std::string> names;
  for (const DirectoryEntry& each : *found) {
    names.push_back(shown_path(each.name) + (each.kind == EntryKind::directory ? "/" : ""));
  }
  std::ranges::sort(names);
  std::string text;
  for (const std::string& each : names) text += each + '\n';
  return print_output(text, ExitStatus::ok, common_.output);
}

ExitStatus FilePrompt::print_place(std::string_view path) const {
  const std::string text = common_.output == OutputForm::json
                               ? JsonLine::versioned().add("path", path).text()
                               : shown_path(path);
  return print_output(text + '\n', ExitStatus::ok, common_.output);
}

ExitStatus FilePrompt::print_local_place() const {
  std::error_code error;
  const auto path = std::filesystem::canonical(places_.local(), error);
  if (!error) return print_place(path.native());
  return report_error(system_error(error.value(), "find the directory of this machine"),
                      ExitStatus::failed, common_.output);
}

ExitStatus FilePrompt::help(const Words& words) const {
  if (words.empty()) return print_output(prompt_help(), ExitStatus::ok, common_.output);
  const std::string name = plain_text(words.front());
  const PromptCommand* command = find_prompt_command(name);
  if (command == nullptr) {
    return report_error(unknown_prompt_command(name), ExitStatus::usage, common_.output);
  }
  return print_output(prompt_help(*command), ExitStatus::ok, common_.output);
}

}  // namespace hotline::cli
