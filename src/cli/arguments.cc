#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "cli/nearest_name.h"
#include "cli/report.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {
namespace {

// The parser gives a meaning of its own to some words: `++`, `{}`, `[a,b]`, and the next one to
// `--home=`. Marked, they are words and values again.
constexpr char kMark = '\x01';

/// Where the value begins in `--home=DIR`; 0 in words of other forms.
std::size_t value_position(std::string_view word) {
  return word.starts_with("--") ? word.find('=') + 1 : 0;
}

std::string mark(std::string word) {
  const std::size_t position = value_position(word);
  const bool has_meaning = position > 0 || word == "++" || word == "{}" || word.starts_with('[');
  if (has_meaning || word.starts_with(kMark)) word.insert(position, 1, kMark);
  return word;
}

std::string unmark(std::string word) {
  const std::size_t position = value_position(word);
  if (word.substr(position).starts_with(kMark)) word.erase(position, 1);
  return word;
}

std::string quoted(const std::string& word) { return "'" + escape(as_bytes(word)) + "'"; }

constexpr char kWords[] = "WORDS";
constexpr int kAnyWords = 1 << 20;
constexpr char kFlagIsSet[] = "true";

void declare(CLI::App& app, const CommandShape& shape) {
  app.set_help_flag();
  for (const std::string& names : shape.flags) app.add_flag(names);
  for (const std::string& names : shape.options) {
    app.add_option(names)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  if (shape.words_max == 0) return;
  app.add_option(kWords)->expected(0, kAnyWords)->allow_extra_args();
}

Result<void> collect(const CLI::App& app, Arguments& arguments) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->empty()) continue;
    const std::vector<std::string>& values = option->results();
    const std::string name = option->get_name();
    if (option->get_positional()) {
      for (const std::string& each : values) arguments.words.push_back(unmark(each));
    } else if (option->get_expected_max() > 0) {
      arguments.options[name] = unmark(values.back());
    } else if (values.back() == kFlagIsSet) {
      arguments.options[name] = {};
    } else {
      return fail(usage_error(name + " takes no value", "write just " + name));
    }
  }
  return {};
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* each : app.get_options()) {
    if (!each->get_positional()) names.push_back(each->get_name());
  }
  return names;
}

std::string see_help(const CLI::App& given) {
  return given.get_name().empty() ? "see 'hotline --help'"
                                  : "see 'hotline " + given.get_name() + " --help'";
}

Error unknown_option(const CLI::App& given, const std::string& word) {
  const std::vector<std::string> names = option_names(given);
  const std::string owner =
      given.get_name().empty() ? "" : " of 'hotline " + given.get_name() + "'";
  return usage_error("there is no option " + quoted(word) + owner,
                     did_you_mean(word.substr(0, word.find('=')), names) + "there are " +
                         list_names(names) + "; words after -- are not options");
}

Error word_too_many(const CLI::App& given, const std::string& word) {
  return usage_error("one word too many: " + quoted(word), see_help(given));
}

Error unexpected_word(const CLI::App& given, const std::string& word,
                      const std::vector<CommandShape>& commands) {
  if (word.starts_with('-')) return unknown_option(given, word);
  if (!given.get_name().empty()) return word_too_many(given, word);
  std::vector<std::string> names;
  for (const CommandShape& each : commands) names.push_back(each.name);
  return usage_error("there is no command " + quoted(word),
                     did_you_mean(word, names) + "there are " + list_names(names));
}

/// `verbatim`: the words behind `--`.
Result<Arguments> collect_all(const CLI::App& program, const CLI::App& given,
                              const std::vector<std::string>& verbatim,
                              const std::vector<CommandShape>& commands) {
  Arguments arguments;
  arguments.command = given.get_name();
  if (auto collected = collect(program, arguments); !collected) return fail(collected.error());
  if (arguments.command.empty()) return arguments;
  if (auto collected = collect(given, arguments); !collected) return fail(collected.error());
  arguments.words.insert(arguments.words.end(), verbatim.begin(), verbatim.end());
  const auto shape = std::ranges::find(commands, arguments.command, &CommandShape::name);
  if (arguments.words.size() <= shape->words_max) return arguments;
  return fail(word_too_many(given, arguments.words[shape->words_max]));
}

}  // namespace

Result<Arguments> take_apart(const std::vector<std::string>& words, const CommandShape& program,
                             const std::vector<CommandShape>& commands) {
  CLI::App app;
  declare(app, program);
  app.require_subcommand(0, 1);
  for (const CommandShape& each : commands) declare(*app.add_subcommand(each.name), each);
  const auto given = [&]() -> const CLI::App& {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? app : *parsed.front();
  };
  // The parser would give what follows `--` back to the program, which knows no words.
  const auto end_of_options = std::ranges::find(words, "--");
  std::vector<std::string> marked;
  std::transform(words.begin(), end_of_options, std::back_inserter(marked), mark);
  std::ranges::reverse(marked);  // As the parser takes them.
  try {
    app.parse(std::move(marked));
  } catch (const CLI::ExtrasError&) {
    // Those before the command are the program's own.
    const CLI::App& owner = app.remaining().empty() ? given() : app;
    return fail(unexpected_word(owner, unmark(app.remaining(true).front()), commands));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view what = error.what();
    return fail(usage_error(std::string(what.substr(0, what.find(':'))) + " needs a value",
                            see_help(given())));
  } catch (const CLI::ParseError& error) {
    return fail(usage_error(error.what(), see_help(given())));
  }
  std::vector<std::string> verbatim;
  if (end_of_options != words.end()) verbatim.assign(end_of_options + 1, words.end());
  return collect_all(app, given(), verbatim, commands);
}

}  // namespace hotline::cli
