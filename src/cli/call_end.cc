#include "cli/call_end.h"

#include "cli/report.h"

namespace hotline::cli {

ExitStatus report_call_end(const Result<void>& conversed, const ReplyPrinter& printer,
                           const MessageSource& source, OutputForm form) {
  if (printer.failure() != 0) return report_output_failure(printer.failure(), form);
  if (!conversed) {
    // Only its first reply shows that the peer of a datagram exists.
    const bool is_absent = conversed.error().kind == ErrorKind::refused;
    return report_error(conversed.error(), is_absent ? ExitStatus::unreachable : ExitStatus::failed,
                        form);
  }
  if (source.failure() != 0) return report_input_failure(source.failure(), form);
  return printer.has_error_reply() ? ExitStatus::failed : ExitStatus::ok;
}

}  // namespace hotline::cli
