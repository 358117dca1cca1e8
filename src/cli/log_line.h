#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/log_entry.h"
#include "hotline/core/result.h"
#include "hotline/engine/queued_log.h"

namespace hotline::cli {

/// How the lines of a server's log are written.
enum class LogForm : bool { text, json };

/// Returns the form of that name. Fails with `invalid_argument`.
Result<LogForm> parse_log_form(std::string_view name);

/// Returns every form.
std::span<const Choice> log_form_names();

/// Returns the entry as a JSON object, without a newline.
std::string format_as_json(const LogEntry& entry);

/// Returns the function that formats an entry in `form`.
QueuedLog::Format format_of(LogForm form);

}  // namespace hotline::cli
