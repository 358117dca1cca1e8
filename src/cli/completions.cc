#include "cli/completions.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "cli/subcommands.h"

namespace hotline::cli {
namespace {

/// `text` between single quotes, for any of the shells.
std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string words_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : " ") + each;
  return text;
}

/// `--verbose` and `-v`.
std::vector<std::string> names_of(const OptionRow& option) {
  std::vector<std::string> names = {option.name};
  if (option.letter != 0) names.push_back({'-', option.letter});
  return names;
}

bool is_directory(const OptionRow& option) { return option.value == "DIR"; }

/// No blank is added after a proposal that ends in one of these.
bool is_prefix(const std::string& choice) {
  return choice.ends_with('/') || choice.ends_with('@') || choice.ends_with(':');
}

// ---- bash ------------------------------------------------------------------------------------

constexpr std::string_view kBashFunction = R"bash(
# Proposes those of the words in $1 that begin with what was typed. Readline has cut the typed word
# at its last : or =, so the proposals lose what stands before.
_hotline_propose() {
  local cut="${_hotline_typed%"${_hotline_typed##*[:=]}"}" proposal
  COMPREPLY=()
  for proposal in $1; do
    [[ $proposal == "$_hotline_typed"* ]] && COMPREPLY+=("${proposal#"$cut"}")
  done
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/@:] ]] && compopt -o nospace 2>/dev/null
  return 0
}

_hotline() {
  local line=${COMP_LINE:0:COMP_POINT} words word command= skip= position=0 previous= i
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  _hotline_typed=${words[-1]}
  for ((i = 1; i < ${#words[@]} - 1; ++i)); do
    word=${words[i]}
    previous=
    if [[ -n $skip ]]; then
      skip=
    elif [[ $word == -- ]]; then
      return 0
    elif [[ " $_hotline_with_value " == *" $word "* ]]; then
      skip=yes previous=$word
    elif [[ $word == -* ]]; then
      :
    elif [[ -z $command ]]; then
      command=$word
    else
      ((++position))
    fi
  done
  if [[ -n $skip ]]; then
    _hotline_value "$previous" "$_hotline_typed"
  elif [[ $_hotline_typed == --*=* ]]; then
    local value=${_hotline_typed#*=}
    _hotline_value "${_hotline_typed%%=*}" "$value"
  elif [[ $_hotline_typed == -* ]]; then
    _hotline_propose "$(_hotline_options "$command")"
  else
    _hotline_propose "$(_hotline_words "$command" "$position")"
  fi
}

# Proposes the values of option $1; $2 is what was typed of it.
_hotline_value() {
  _hotline_typed=$2
  if [[ $1 == --home ]]; then
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -d -- "$2"))
  else
    _hotline_propose "$(_hotline_choices "$1")"
  fi
}

complete -F _hotline hotline
)bash";

std::string bash_case(std::string_view function, std::string_view subject,
                      const std::vector<std::string>& cases) {
  std::string text = std::string(function) + "() {\n  case " + std::string(subject) + " in\n";
  for (const std::string& each : cases) text += "    " + each + '\n';
  return text + "  esac\n}\n";
}

std::string listed_options(const std::vector<OptionRow>& options) {
  std::vector<std::string> names;
  for (const OptionRow& each : options) {
    if (each.is_listed) names.push_back(each.name);
  }
  return words_of(names);
}

std::string bash_echo(std::string_view pattern, const std::string& words) {
  return std::string(pattern) + ") echo " + shell_quoted(words) + " ;;";
}

std::vector<std::string> command_names(const std::vector<Subcommand>& commands) {
  std::vector<std::string> names;
  for (const Subcommand& each : commands) names.push_back(each.name);
  return names;
}

void add_once(std::vector<std::string>& words, const std::string& word) {
  if (std::ranges::find(words, word) == words.end()) words.push_back(word);
}

/// A case for each position at which a command's words have proposals.
void add_word_cases(const Subcommand& command, std::vector<std::string>& cases) {
  for (std::size_t i = 0; i < command.operands.size(); ++i) {
    const Operand& operand = command.operands[i];
    if (operand.choices == nullptr) continue;
    const bool repeats = operand.repeats == Repeats::yes;
    const std::string position = repeats ? "*" : std::to_string(i);
    cases.push_back(bash_echo("\"" + command.name + " \"" + position, words_of(operand.choices())));
  }
}

// ---- zsh -------------------------------------------------------------------------------------

/// A message in the specs of _arguments: brackets and colons have a meaning there.
std::string zsh_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// Proposes `choices`; after one that ends in a / or @ no blank is added.
std::string zsh_action(const std::vector<std::string>& choices) {
  if (choices.empty()) return " ";
  if (is_prefix(choices.front())) return "{compadd -S \"\" -- " + words_of(choices) + "}";
  std::vector<std::string> escaped;
  for (const std::string& each : choices) escaped.push_back(zsh_text(each));
  return "(" + words_of(escaped) + ")";
}

std::string zsh_option(const OptionRow& option) {
  const std::vector<std::string> names = names_of(option);
  std::string text;
  for (const std::string& each : names) {
    const std::string exclusive = names.size() > 1 ? "(" + words_of(names) + ")" : "";
    const std::string equals = option.takes_value() ? "=" : "";
    std::string spec = exclusive + each + equals + "[" + zsh_text(option.help) + "]";
    if (option.takes_value()) {
      spec += ":" + option.value + ":";
      spec += is_directory(option) ? "_files -/" : zsh_action(option.choices);
    }
    text += " \\\n        " + shell_quoted(spec);
  }
  return text;
}

std::string zsh_operand(const Operand& operand, std::size_t position) {
  const std::string where = operand.repeats == Repeats::yes ? "*" : std::to_string(position + 1);
  const std::string action = operand.choices == nullptr ? " " : zsh_action(operand.choices());
  return " \\\n        " + shell_quoted(where + ":" + zsh_text(operand.name) + ":" + action);
}

std::string zsh_arguments(const Subcommand& command) {
  std::string text = "      _arguments -s -S";
  for (const OptionRow& each : command.options) {
    if (each.is_listed) text += zsh_option(each);
  }
  for (std::size_t i = 0; i < command.operands.size(); ++i) {
    text += zsh_operand(command.operands[i], i);
  }
  return text + '\n';
}

// ---- fish ------------------------------------------------------------------------------------

std::string fish_option(std::string_view condition, const OptionRow& option) {
  std::string text =
      "complete -c hotline -n " + shell_quoted(condition) + " -l " + option.name.substr(2);
  if (option.letter != 0) text += std::string(" -s ") + option.letter;
  if (option.takes_value()) {
    text += " -x";
    if (is_directory(option)) text += " -a '(__fish_complete_directories)'";
    if (!option.choices.empty()) text += " -a " + shell_quoted(words_of(option.choices));
  }
  return text + " -d " + shell_quoted(option.help) + '\n';
}

}  // namespace

std::string bash_completion() {
  const std::vector<Subcommand> commands = make_subcommands();
  std::vector<std::string> options = {bash_echo("''", listed_options(program_rows()))};
  std::vector<std::string> words = {bash_echo("' 0'", words_of(command_names(commands)))};
  std::vector<std::string> choices;
  std::vector<std::string> with_value;
  for (const OptionRow& each : program_rows()) {
    if (each.takes_value()) with_value.push_back(each.name);
  }
  for (const Subcommand& command : commands) {
    options.push_back(bash_echo(command.name, listed_options(command.options)));
    add_word_cases(command, words);
    for (const OptionRow& each : command.options) {
      if (each.takes_value()) add_once(with_value, each.name);
      if (each.choices.empty()) continue;
      add_once(choices, bash_echo(each.name, words_of(each.choices)));
    }
  }
  return "# bash completion for hotline\n\n_hotline_with_value=" +
         shell_quoted(words_of(with_value)) + "\n\n# The options of command $1.\n" +
         bash_case("_hotline_options", "$1", options) + "\n# What word $2 of command $1 may be.\n" +
         bash_case("_hotline_words", "\"$1 $2\"", words) +
         "\n# What the value of option $1 may be.\n" +
         bash_case("_hotline_choices", "$1", choices) + std::string(kBashFunction);
}

std::string zsh_completion() {
  std::string names;
  std::string cases;
  for (const Subcommand& each : make_subcommands()) {
    names += "    " + shell_quoted(zsh_text(each.name) + ":" + each.summary) + '\n';
    cases += "    " + each.name + ")\n" + zsh_arguments(each) + "      ;;\n";
  }
  std::string text =
      "#compdef hotline\n\n_hotline() {\n  local context state state_descr line\n"
      "  typeset -A opt_args\n  local -a commands\n  commands=(\n" +
      names + "  )\n  _arguments -C -s";
  for (const OptionRow& each : program_rows()) text += zsh_option(each);
  text += " \\\n        '1:command:->command' \\\n        '*::argument:->argument'\n";
  return text +
         "  case $state in\n  command) _describe command commands ;;\n  argument)\n"
         "    case $words[1] in\n" +
         cases + "    esac\n    ;;\n  esac\n}\n\n_hotline \"$@\"\n";
}

std::string fish_completion() {
  const std::string none = "__fish_use_subcommand";
  std::string text = "# fish completion for hotline\n\ncomplete -c hotline -f\n";
  for (const OptionRow& each : program_rows()) text += fish_option(none, each);
  for (const Subcommand& command : make_subcommands()) {
    const std::string within = "__fish_seen_subcommand_from " + command.name;
    text += "complete -c hotline -n " + shell_quoted(none) + " -a " + command.name + " -d " +
            shell_quoted(command.summary) + '\n';
    for (const OptionRow& each : command.options) {
      if (each.is_listed) text += fish_option(within, each);
    }
    for (const Operand& each : command.operands) {
      if (each.choices == nullptr) continue;
      text += "complete -c hotline -n " + shell_quoted(within) + " -a " +
              shell_quoted(words_of(each.choices())) + '\n';
    }
  }
  return text;
}

}  // namespace hotline::cli
