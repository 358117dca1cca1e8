#pragma once

#include <string>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "hotline/core/error.h"

namespace hotline::cli {

/// Prints `error: ...` and, if there is advice, `hint: ...` on standard error; in JSON one object
/// for both. Returns `status`.
ExitStatus report_error(const Error& error, ExitStatus status, OutputForm form);

/// Returns what report_error() prints: lines.
std::string error_lines(const Error& error, ExitStatus status, OutputForm form);

/// Returns the object that describes an error.
JsonLine json_of_error(const Error& error, ExitStatus status);

/// Returns what report_note() prints: a line.
std::string note_line(std::string_view text, OutputForm form);

/// Prints `note: ...` on standard error, for something that is not a failure.
void report_note(std::string_view text, OutputForm form);

/// Prints `line` on standard error for a server, which must not be delayed: drops it if standard
/// error does not take it within a second. Returns true if it was printed.
bool print_line_in_time(std::string line);

/// The same as a note.
void report_note_in_time(std::string_view text, OutputForm form);

/// Returns an Error for a mistake in the command line, with what to write instead.
Error usage_error(std::string detail, std::string advice = {});

/// Returns the exit status of a failed attempt to reach an endpoint.
ExitStatus status_of_connect(const Error& error);

/// Reports that standard output could not be written to, for the reason `native_code`. Returns
/// `status`. If its reader has gone, prints nothing.
ExitStatus report_output_failure(int native_code, OutputForm form,
                                 ExitStatus status = ExitStatus::failed);

/// Returns the Error of a read of standard input that failed for the reason `native_code`.
Error input_error(int native_code);

/// Reports that standard input could not be read, for the reason `native_code`. Returns `status`.
ExitStatus report_input_failure(int native_code, OutputForm form,
                                ExitStatus status = ExitStatus::failed);

/// Writes `text` to standard output. Returns `status`, or reports the failure and returns `failed`.
ExitStatus print_output(std::string_view text, ExitStatus status, OutputForm form,
                        ExitStatus failed = ExitStatus::failed);

}  // namespace hotline::cli
