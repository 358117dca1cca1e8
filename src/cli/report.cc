#include "cli/report.h"

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

/// The kinds of other errors, and their hints, are about sockets.
Error stream_error(int native_code, std::string_view operation) {
  Error error = system_error(native_code, operation);
  error.kind = ErrorKind::system;
  if (native_code == EBADF) error.detail = "it is closed";
  return error;
}

/// In a message a word of the user is between quotes; as a value it needs none.
std::string_view without_quotes(std::string_view word) {
  const bool is_quoted = word.size() > 1 && word.starts_with('\'') && word.ends_with('\'');
  return is_quoted ? word.substr(1, word.size() - 2) : word;
}

/// The text is lost if standard error cannot be written to.
void print_to_error(const std::string& lines) { write_standard(StandardStream::error, lines); }

}  // namespace

JsonLine json_of_error(const Error& error, ExitStatus status) {
  JsonLine object;
  object.add("kind", name_of(error.kind));
  object.add("code", static_cast<int>(status));
  object.add("message", error.message());
  object.add_unless_empty("endpoint", without_quotes(error.endpoint));
  object.add_unless_empty("hint", error.hint());
  if (error.native_code != 0) object.add("native_code", error.native_code);
  return object;
}

std::string error_lines(const Error& error, ExitStatus status, OutputForm form) {
  if (form == OutputForm::json) {
    return JsonLine::versioned().add("error", json_of_error(error, status)).text() + '\n';
  }
  const std::string line = "error: " + error.message() + '\n';
  const std::string hint = error.hint();
  return hint.empty() ? line : line + "hint: " + hint + '\n';
}

std::string note_line(std::string_view text, OutputForm form) {
  if (form == OutputForm::json) return JsonLine::versioned().add("note", text).text() + '\n';
  return "note: " + std::string(text) + '\n';
}

ExitStatus report_error(const Error& error, ExitStatus status, OutputForm form) {
  print_to_error(error_lines(error, status, form));
  return status;
}

void report_note(std::string_view text, OutputForm form) { print_to_error(note_line(text, form)); }

bool print_line_in_time(std::string line) {
  line += '\n';
  return write_standard_within(StandardStream::error, line, kPatience) == 0;
}

void report_note_in_time(std::string_view text, OutputForm form) {
  std::string line = note_line(text, form);
  line.pop_back();
  print_line_in_time(std::move(line));
}

Error usage_error(std::string detail, std::string advice) {
  return make_error(ErrorKind::invalid_argument, {}, {}, std::move(detail), std::move(advice));
}

ExitStatus status_of_connect(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid_argument:
    case ErrorKind::unsupported: return ExitStatus::usage;
    case ErrorKind::unresponsive:
    case ErrorKind::timed_out: return ExitStatus::timed_out;
    case ErrorKind::resource_exhausted:
    // From a handshake after the connection was made.
    case ErrorKind::closed:
    case ErrorKind::truncated:
    case ErrorKind::protocol_violation: return ExitStatus::failed;
    case ErrorKind::permission_denied:
      return error.native_code == 0 ? ExitStatus::failed : ExitStatus::unreachable;
    default: return ExitStatus::unreachable;
  }
}

ExitStatus report_output_failure(int native_code, OutputForm form, ExitStatus status) {
  if (native_code == EPIPE) return status;
  return report_error(stream_error(native_code, "write to standard output"), status, form);
}

Error input_error(int native_code) {
  Error error = stream_error(native_code, "read standard input");
  if (native_code == EBADF) error.advice = "give it a file or a pipe, or an empty one: </dev/null";
  return error;
}

ExitStatus report_input_failure(int native_code, OutputForm form, ExitStatus status) {
  return report_error(input_error(native_code), status, form);
}

ExitStatus print_output(std::string_view text, ExitStatus status, OutputForm form,
                        ExitStatus failed) {
  const int failure = write_standard(StandardStream::output, text);
  return failure == 0 ? status : report_output_failure(failure, form, failed);
}

}  // namespace hotline::cli
