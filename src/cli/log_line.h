#pragma once

#include <string>

#include "cli/options.h"
#include "hotline/core/log_entry.h"
#include "hotline/engine/queued_log.h"

namespace hotline::cli {

/// How the log shows an entry as a JSON object, without a newline.
std::string format_as_json(const LogEntry& entry);

/// Returns the function that formats an entry in `form`.
QueuedLog::Format format_of(LogForm form);

}  // namespace hotline::cli
