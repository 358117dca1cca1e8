#include "cli/reply_printer.h"

#include "cli/json_bytes.h"
#include "cli/standard_input.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

std::string describe(Bytes bytes) {
  return JsonLine::versioned().add("reply", json_of_bytes(bytes)).text() + '\n';
}

}  // namespace

Controls controls_for_output(Controls wanted) {
  return is_output_terminal() ? wanted : Controls::raw;
}

bool ReplyPrinter::print_piece(Bytes bytes) {
  if (form_ == OutputForm::json) return write(describe(bytes));
  is_in_line_ = bytes.back() != std::byte{'\n'};
  return write_piece(bytes);
}

bool ReplyPrinter::end_reply() {
  if (!is_in_line_) return failure_ == 0;
  is_in_line_ = false;
  return finish() && write("\n");
}

bool ReplyPrinter::print_reply(Bytes bytes) {
  has_error_reply_ |= !error_prefix_.empty() && as_text(bytes).starts_with(error_prefix_);
  if (form_ == OutputForm::json || !bytes.empty()) return print_piece(bytes) && end_reply();
  return write("\n");
}

bool ReplyPrinter::write_piece(Bytes bytes) {
  return controls_ == Controls::raw ? write(as_text(bytes)) : write(shown_.show(bytes));
}

bool ReplyPrinter::finish() { return write(shown_.finish()); }

bool ReplyPrinter::write(std::string_view text) {
  if (failure_ != 0) return false;
  failure_ = write_standard(StandardStream::output, text);
  return failure_ == 0;
}

}  // namespace hotline::cli
