#include "cli/log_line.h"

#include "cli/json_line.h"
#include "hotline/core/rows.h"

namespace hotline::cli {
namespace {

struct LogFormRow {
  LogForm form;
  Choice choice;
};

constexpr LogFormRow kLogFormRows[] = {
    {LogForm::text, {.name = "text", .form = "text", .summary = "one line for each entry"}},
    {LogForm::json, {.name = "json", .form = "json", .summary = "a JSON object for each entry"}},
};

constexpr auto kLogFormChoices = choices_of(kLogFormRows);

}  // namespace

Result<LogForm> parse_log_form(std::string_view name) {
  if (const LogFormRow* row = find_row(kLogFormRows, name)) return row->form;
  return fail(unknown_choice("format", name, kLogFormChoices));
}

std::span<const Choice> log_form_names() { return kLogFormChoices; }

std::string format_as_json(const LogEntry& entry) {
  JsonLine line = JsonLine::versioned();
  line.add("time", entry.time_as_text());
  line.add("level", name_of(entry.level));
  line.add("message", entry.message);
  line.add_unless_empty("service", entry.service);
  line.add_unless_empty("endpoint", entry.endpoint);
  line.add_unless_empty("peer", entry.peer);
  line.add_unless_empty("identity", entry.identity);
  line.add_unless_empty("detail", entry.detail);
  return line.text();
}

QueuedLog::Format format_of(LogForm form) {
  return form == LogForm::json ? format_as_json : format_as_text;
}

}  // namespace hotline::cli
