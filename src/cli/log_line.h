#pragma once

#include <string>

#include "hotline/core/enum_names.h"
#include "hotline/core/log_entry.h"
#include "hotline/engine/queued_log.h"

namespace hotline::cli {

/// How the lines of a server's log are written.
enum class LogForm : bool { text, json };

/// The names of the forms on the command line.
inline constexpr EnumNames<LogForm, 2> kLogForms{
    {{LogForm::text, "text"}, {LogForm::json, "json"}}};

/// Returns the entry as a JSON object, without a newline.
std::string format_as_json(const LogEntry& entry);

/// Returns the function that formats an entry in `form`.
QueuedLog::Format format_of(LogForm form);

}  // namespace hotline::cli
