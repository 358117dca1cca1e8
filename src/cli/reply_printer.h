#pragma once

#include "cli/json_line.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Writes replies, and nothing else, to standard output: as they are, or as JSON objects.
class ReplyPrinter {
 public:
  explicit ReplyPrinter(OutputForm form) : form_(form) {}

  /// A piece of a stream's reply. False once nothing can be written any more.
  bool print_piece(Bytes bytes);

  /// The pieces since the last call were a reply: it gets a newline if it lacks one.
  bool end_reply();

  /// A whole reply, which may be empty.
  bool print_reply(Bytes bytes);

  /// Why nothing can be written any more, as errno has it; 0 as long as it can.
  int failure() const { return failure_; }

 private:
  bool write(std::string_view text);

  OutputForm form_;
  bool is_in_line_ = false;  ///< Something was printed, and no newline after it.
  int failure_ = 0;
};

}  // namespace hotline::cli
