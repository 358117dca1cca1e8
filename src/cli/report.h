#pragma once

#include <string>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "hotline/core/error.h"

namespace hotline::cli {

/// Prints `error: ...` and, if there is something to do about it, `hint: ...` on standard error; in
/// JSON one object for both. Gives `status` back.
ExitStatus report_error(const Error& error, ExitStatus status, OutputForm form);

/// Prints `note: ...` on standard error: worth knowing, and no failure.
void report_note(std::string_view text, OutputForm form);

/// Prints `line` on standard error for a server, which nobody may hold up: to nobody, if standard
/// error does not take it within a second. Returns whether it was printed.
bool print_line_in_time(std::string line);

/// The same as a note.
void report_note_in_time(std::string_view text, OutputForm form);

/// A mistake in the command line as an Error, with what to write instead.
Error usage_error(std::string detail, std::string advice = {});

/// The exit status of a failed attempt to reach an endpoint.
ExitStatus status_of_connect(const Error& error);

/// Standard output could not be written to, for the reason `native_code`: `failed`. A reader that
/// has gone is no news to anybody, and passes in silence.
ExitStatus report_output_failure(int native_code, OutputForm form);

/// Standard input could not be read, for the reason `native_code`.
ExitStatus report_input_failure(int native_code, OutputForm form);

/// Writes `text` to standard output. Returns `status`, or reports the failure and returns `failed`.
ExitStatus print_output(std::string_view text, ExitStatus status, OutputForm form);

}  // namespace hotline::cli
