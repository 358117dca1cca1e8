#include "cli/remote_result.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "cli/report.h"
#include "hotline/core/bytes.h"
#include "hotline/core/utf8.h"
#include "hotline/services/signal_name.h"

namespace hotline::cli {
namespace {

constexpr int kNoSuchProgram = 127;

/// Returns `text` as JSON shows it: its bytes escaped if they are not UTF-8.
std::string printable(std::string_view text) {
  return is_utf8(as_bytes(text)) ? std::string(text) : escape(as_bytes(text), text.size());
}

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::int64_t json_number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

/// Returns true for a program whose only word looks like a line for a shell.
bool looks_like_line(const RemoteProgram* program) {
  if (program == nullptr) return false;
  const auto* const words = std::get_if<CommandWords>(program);
  return words != nullptr && words->words.size() == 1 &&
         words->words.front().find_first_of(" |;&<>$`*") != std::string::npos;
}

Error start_error(const RemoteResult& result) {
  const bool is_absent = result.exit.value == kNoSuchProgram;
  std::string advice = is_absent ? "the name is looked up in the PATH of the server"
                                 : "nothing was run: check the program and --cwd";
  if (looks_like_line(result.program)) {
    advice = "one word is the name of a program; a line for the shell is given with --shell";
  }
  return make_error(is_absent ? ErrorKind::not_found : ErrorKind::permission_denied,
                    "start the command at", result.endpoint,
                    escape(as_bytes(result.exit.text), 512), std::move(advice));
}

/// Returns the error of a command that did not end by itself.
Error end_error(const RemoteResult& result) {
  const auto error = [&](ErrorKind kind, std::string advice) {
    return make_error(kind, "finish the command at", result.endpoint, result.exit.describe(),
                      std::move(advice));
  };
  switch (result.exit.kind) {
    case ExitKind::timed_out:
      return error(ErrorKind::timed_out, "--timeout, or timeout= of the server, is the limit");
    case ExitKind::output_limit:
      return error(ErrorKind::too_large,
                   "--max-output, or max= of the server, is the limit; --truncate lets it go on");
    case ExitKind::cancelled: return error(ErrorKind::cancelled, {});
    case ExitKind::server_ended:
      return error(ErrorKind::draining, "try again when the server runs again");
    default: return error(ErrorKind::reset, "see the log of the server");
  }
}

bool has_ended_itself(const CommandExit& exit) {
  return exit.kind == ExitKind::code || exit.kind == ExitKind::signal;
}

}  // namespace

ExitStatus status_of(const CommandExit& exit) { return static_cast<ExitStatus>(exit.status()); }

std::optional<Error> error_of(const RemoteResult& result) {
  if (has_ended_itself(result.exit)) return std::nullopt;
  return result.exit.kind == ExitKind::could_not_start ? start_error(result) : end_error(result);
}

std::vector<std::string> notes_of(const RemoteResult& result) {
  std::vector<std::string> notes;
  if (result.exit.is_held) {
    notes.emplace_back(
        "a process that the command had left running was killed; it could still have "
        "written output");
  }
  if (result.exit.is_truncated) {
    notes.push_back(std::to_string(result.dropped_bytes) +
                    " bytes of output were dropped at the limit");
  }
  return notes;
}

ExitStatus report_result(const RemoteResult& result, OutputForm form) {
  for (const std::string& note : notes_of(result)) report_note(note, form);
  const auto error = error_of(result);
  const ExitStatus status = status_of(result.exit);
  return error ? report_error(*error, status, form) : status;
}

void add_program(JsonLine& object, const RemoteProgram& program) {
  if (const auto* const words = std::get_if<CommandWords>(&program)) {
    std::vector<std::string> shown;
    for (const std::string& each : words->words) shown.push_back(printable(each));
    object.add("argv", shown);
  } else if (const auto* const shell = std::get_if<ShellLine>(&program)) {
    object.add("line", printable(shell->line));
  } else {
    object.add_flag("login", true);
  }
}

void add_exit(JsonLine& object, const CommandExit& exit) {
  JsonLine end;
  end.add("kind", name_of(exit.kind));
  end.add("value", exit.value);
  if (exit.kind == ExitKind::signal) {
    end.add_unless_empty("signal", exit.text.empty() ? signal_name(exit.value) : exit.text);
    end.add_flag("core", exit.has_dumped_core);
  } else {
    end.add_unless_empty("text", exit.text);
  }
  object.add("exit", end);
  if (exit.started) object.add("started", *exit.started);
  if (exit.ended) object.add("ended", *exit.ended);
  if (exit.duration) object.add("duration_us", microseconds(*exit.duration));
  if (exit.usage) {
    JsonLine usage;
    usage.add("user_us", microseconds(exit.usage->user));
    usage.add("system_us", microseconds(exit.usage->system));
    usage.add("memory_bytes", json_number(exit.usage->memory_bytes));
    object.add("usage", usage);
  }
}

JsonLine json_of_result(const RemoteResult& result, const JsonLine& output, const JsonLine& error) {
  JsonLine command;
  if (result.program != nullptr) add_program(command, *result.program);
  command.add("endpoint", result.endpoint);
  command.add("status", result.exit.status());
  add_exit(command, result.exit);
  command.add("stdout", output);
  command.add("stderr", error);
  command.add_flag("truncated", result.exit.is_truncated);
  command.add("dropped_bytes", json_number(result.dropped_bytes));
  command.add_flag("pipe_held", result.exit.is_held);
  command.add("reconnects", std::int64_t{result.reconnects});
  JsonLine line = JsonLine::versioned();
  line.add("command", command);
  return line;
}

}  // namespace hotline::cli
