#pragma once

#include "cli/json_line.h"
#include "cli/terminal_text.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Returns what suits standard output: control characters are escaped at a terminal, unless
/// `wanted` is raw, and nowhere else.
Controls controls_for_output(Controls wanted);

/// Writes replies, and nothing else, to standard output: as they are, with control characters
/// escaped, or as JSON objects.
class ReplyPrinter {
 public:
  explicit ReplyPrinter(OutputForm form, Controls controls = Controls::raw)
      : form_(form), controls_(controls) {}

  /// A piece of a stream's reply. False once nothing can be written any more.
  bool print_piece(Bytes bytes);

  /// The pieces since the last call were a reply: it gets a newline if it lacks one.
  bool end_reply();

  /// A whole reply, which may be empty.
  bool print_reply(Bytes bytes);

  /// Nothing more comes: what is held of the last character is written. Adds no newline.
  bool finish();

  /// Why nothing can be written any more, as errno has it; 0 as long as it can.
  int failure() const { return failure_; }

 private:
  bool write(std::string_view text);

  bool write_piece(Bytes bytes);

  OutputForm form_;
  Controls controls_;
  TerminalText shown_;
  bool is_in_line_ = false;  ///< Something was printed, and no newline after it.
  int failure_ = 0;
};

}  // namespace hotline::cli
