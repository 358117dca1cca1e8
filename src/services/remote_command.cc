#include "hotline/services/remote_command.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "hotline/core/ascii.h"
#include "hotline/core/bytes.h"
#include "services/allowed_variables.h"
#include "services/command_request.h"

namespace hotline {
namespace {

constexpr std::size_t kTerminalSideMax = 65'535;

Result<void> cannot_ask(ErrorKind kind, std::string detail, std::string advice) {
  return fail(make_error(kind, "run a remote command", {}, std::move(detail), std::move(advice)));
}

Result<void> is_wrong(std::string detail, std::string advice) {
  return cannot_ask(ErrorKind::invalid_argument, std::move(detail), std::move(advice));
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

/// `what` begins the detail: `word 3`.
Result<void> check_text(std::string_view text, std::string what) {
  if (has_nul(text)) {
    return is_wrong(what + " contains a NUL", "no program can be given one; use standard input");
  }
  if (text.size() > kCommandWordMax) {
    return cannot_ask(ErrorKind::too_large,
                      what + " has over " + std::to_string(kCommandWordMax) + " bytes",
                      "pass so much by standard input");
  }
  return {};
}

Result<void> check_program(const CommandWords& program) {
  if (program.words.empty()) return is_wrong("there is no command", "name a program");
  if (program.words[0].empty()) {
    return is_wrong("the name of the program is empty", "name a program");
  }
  for (std::size_t i = 0; i < program.words.size(); ++i) {
    auto checked = check_text(program.words[i], "word " + std::to_string(i + 1));
    if (!checked) return checked;
  }
  return {};
}

Result<void> check_program(const ShellLine& program) {
  if (program.line.empty()) return is_wrong("the line for the shell is empty", "write a command");
  return check_text(program.line, "the line for the shell");
}

Result<void> check_program(const LoginShell&) { return {}; }

Result<void> check_directory(std::string_view directory) {
  if (directory.empty()) return {};
  if (has_nul(directory)) return is_wrong("the directory contains a NUL", "name a directory");
  if (directory[0] != '/') {
    return is_wrong("the directory '" + escape(as_bytes(directory)) + "' is not an absolute path",
                    "begin it with /");
  }
  if (directory.size() <= kCommandDirectoryMax) return {};
  return cannot_ask(ErrorKind::too_large, "the directory has over 4,095 bytes",
                    "no system has so long a path");
}

Result<void> check_variable(const RemoteVariable& variable) {
  const std::string shown = "'" + escape(as_bytes(variable.name), 128) + "'";
  if (!services::is_variable_name(variable.name)) {
    return is_wrong("a variable of the environment has the name " + shown,
                    "names have letters, digits and _, at most 128, and begin with no digit");
  }
  if (services::is_refused_variable(variable.name)) {
    return cannot_ask(ErrorKind::permission_denied, "servers accept no variable " + shown,
                      "let the command itself set it: env NAME=value PROGRAM");
  }
  if (has_nul(variable.value)) {
    return is_wrong("the value of the variable " + shown + " contains a NUL",
                    "no program can be given one; use standard input");
  }
  if (variable.name.size() + 1 + variable.value.size() <= kCommandWordMax) return {};
  return cannot_ask(ErrorKind::too_large, "the variable " + shown + " has over 131,071 bytes",
                    "pass so much by standard input");
}

Result<void> check_environment(const std::vector<RemoteVariable>& environment) {
  std::set<std::string_view> names;
  for (const RemoteVariable& each : environment) {
    if (auto checked = check_variable(each); !checked) return checked;
    if (names.insert(each.name).second) continue;
    return is_wrong("the variable '" + each.name + "' is given twice", "give it once");
  }
  return {};
}

Result<void> check_time(Duration time, std::string what) {
  if (time > Duration::zero() && time <= kCommandTimeMax) return {};
  return is_wrong(what + " is not between 1 ms and 36,500 days", "give another one, or none");
}

bool is_in_terminal_name(char c) {
  return is_ascii_alphanumeric(c) || c == '+' || c == '-' || c == '.' || c == '_';
}

Result<void> check_terminal(const RemoteTerminal& terminal) {
  for (const std::size_t each : {terminal.size.rows, terminal.size.columns}) {
    if (each > 0 && each <= kTerminalSideMax) continue;
    return is_wrong("the terminal has " + std::to_string(each) + " rows or columns",
                    "give it 1 to 65,535 of each");
  }
  if (!terminal.name.empty() && terminal.name.size() <= kTerminalNameMax &&
      std::ranges::all_of(terminal.name, is_in_terminal_name)) {
    return {};
  }
  return is_wrong("the terminal has the name '" + escape(as_bytes(terminal.name), 64) + "'",
                  "it is the value of TERM, such as xterm-256color");
}

Result<void> check_limits(const RemoteCommand& command) {
  if (command.timeout != kNoTimeout) {
    if (auto checked = check_time(command.timeout, "the timeout"); !checked) return checked;
  }
  if (command.keep) {
    if (auto checked = check_time(*command.keep, "the time to keep it"); !checked) return checked;
  }
  if (command.label.size() <= kCommandLabelMax) return {};
  return cannot_ask(ErrorKind::too_large, "the label has over 128 bytes", "choose a shorter one");
}

Result<void> check_combination(const RemoteCommand& command) {
  const bool is_login = std::holds_alternative<LoginShell>(command.program);
  if (is_login && !command.terminal) {
    return is_wrong("a login shell needs a terminal", "ask for one, or run a command");
  }
  if (is_login && command.is_detached) {
    return is_wrong("a login shell cannot start detached", "start it, and detach from it later");
  }
  if (command.is_detached && command.input == CommandInput::stream) {
    return is_wrong("a detached command gets no input", "let it be kept, and detach from it later");
  }
  if (command.key && !command.keep && !command.is_detached) {
    return is_wrong("a key needs a command that is kept", "say how long, or start it detached");
  }
  return {};
}

Result<void> check_size(const RemoteCommand& command) {
  if (services::encode_request(command).size() <= kCommandRequestMax) return {};
  return cannot_ask(
      ErrorKind::too_large,
      "all words and variables have over " + std::to_string(kCommandRequestMax) + " bytes together",
      "pass so much by standard input: xargs reads words from it");
}

}  // namespace

Result<void> RemoteCommand::check() const {
  auto checked = std::visit([](const auto& each) { return check_program(each); }, program);
  if (checked) checked = check_directory(directory);
  if (checked) checked = check_environment(environment);
  if (checked && terminal) checked = check_terminal(*terminal);
  if (checked) checked = check_limits(*this);
  if (checked) checked = check_combination(*this);
  if (checked) checked = check_size(*this);
  return checked;
}

}  // namespace hotline
