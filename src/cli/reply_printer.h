#pragma once

#include <string>
#include <utility>

#include "cli/json_line.h"
#include "cli/terminal_text.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Returns how to print on standard output: control characters are escaped only at a terminal,
/// unless `wanted` is raw.
Controls controls_for_output(Controls wanted);

/// Writes only replies to standard output: unchanged, with control characters escaped, or as JSON
/// objects.
class ReplyPrinter {
 public:
  /// A whole reply that begins with `error_prefix` is an error; without a prefix none is.
  explicit ReplyPrinter(OutputForm form, Controls controls = Controls::raw,
                        std::string error_prefix = {})
      : form_(form), controls_(controls), error_prefix_(std::move(error_prefix)) {}

  /// Prints a piece of a stream's reply. Returns false after a write has failed.
  bool print_piece(Bytes bytes);

  /// Ends the reply that consists of the pieces since the last call: adds a newline if it lacks
  /// one.
  bool end_reply();

  /// Prints a whole reply, which may be empty.
  bool print_reply(Bytes bytes);

  /// Writes what is held of the last character, because nothing more comes. Adds no newline.
  bool finish();

  /// Returns true if one of the replies was an error.
  bool has_error_reply() const { return has_error_reply_; }

  /// Returns the errno of the write that failed, or 0.
  int failure() const { return failure_; }

 private:
  bool write(std::string_view text);

  bool write_piece(Bytes bytes);

  OutputForm form_;
  Controls controls_;
  std::string error_prefix_;
  bool has_error_reply_ = false;
  TerminalText shown_;
  bool is_in_line_ = false;  ///< Something was printed, and no newline has followed it.
  int failure_ = 0;
};

}  // namespace hotline::cli
