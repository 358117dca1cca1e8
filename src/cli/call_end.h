#pragma once

#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "cli/message_source.h"
#include "cli/reply_printer.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Reports what ended a call, if it was a failure, and returns the program's exit status.
/// `conversed` is the result of the call, `printer` wrote its replies, and `source` read its
/// messages. A failure to write the replies comes first.
ExitStatus report_call_end(const Result<void>& conversed, const ReplyPrinter& printer,
                           const MessageSource& source, OutputForm form);

}  // namespace hotline::cli
