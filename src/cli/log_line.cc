#include "cli/log_line.h"

#include "cli/json_line.h"

namespace hotline::cli {

std::string format_as_json(const LogEntry& entry) {
  JsonLine line = JsonLine::versioned();
  line.add("time", entry.time_as_text());
  line.add("level", name_of(entry.level));
  line.add("message", entry.message);
  line.add_unless_empty("service", entry.service);
  line.add_unless_empty("endpoint", entry.endpoint);
  line.add_unless_empty("peer", entry.peer);
  line.add_unless_empty("detail", entry.detail);
  return line.text();
}

QueuedLog::Format format_of(LogForm form) {
  return form == LogForm::json ? format_as_json : format_as_text;
}

}  // namespace hotline::cli
