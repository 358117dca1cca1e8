#include "cli/report.h"

#include <cerrno>
#include <cstdio>
#include <utility>

namespace hotline::cli {
namespace {

void print_line(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

JsonLine describe(const Error& error, ExitStatus status) {
  JsonLine object;
  object.add("kind", name_of(error.kind));
  object.add("code", static_cast<int>(status));
  object.add("message", error.message());
  object.add_unless_empty("endpoint", error.endpoint);
  object.add_unless_empty("hint", error.hint());
  if (error.native_code != 0) object.add("native_code", error.native_code);
  return object;
}

}  // namespace

ExitStatus report_error(const Error& error, ExitStatus status, OutputForm form) {
  if (form == OutputForm::json) {
    print_line(JsonLine::versioned().add("error", describe(error, status)).text());
    return status;
  }
  print_line("error: " + error.message());
  if (const std::string hint = error.hint(); !hint.empty()) print_line("hint: " + hint);
  return status;
}

void report_note(std::string_view text, OutputForm form) {
  if (form == OutputForm::json) {
    print_line(JsonLine::versioned().add("note", text).text());
  } else {
    print_line("note: " + std::string(text));
  }
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
    case ErrorKind::resource_exhausted: return ExitStatus::failed;
    default: return ExitStatus::unreachable;
  }
}

ExitStatus report_output_failure(int native_code, OutputForm form) {
  if (native_code == EPIPE) return ExitStatus::failed;
  Error error = system_error(native_code, "write to standard output");
  error.kind = ErrorKind::system;  // The kinds, and their hints, are about sockets.
  return report_error(error, ExitStatus::failed, form);
}

ExitStatus finish_output(ExitStatus status, OutputForm form) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  return report_output_failure(errno, form);
}

}  // namespace hotline::cli
