#include "cli/file_audit.h"

#include <chrono>
#include <cstdint>
#include <string_view>

#include "cli/json_line.h"

namespace hotline::cli {

std::string file_audit_line(const FileRecord& record) {
  JsonLine line = JsonLine::versioned();
  line.add("ended", record.ended);
  line.add("user", record.user);
  line.add_unless_empty("caller", record.caller);
  line.add("endpoint", record.endpoint);
  line.add("request", record.request);
  line.add("path", record.path.text());
  if (record.target != nullptr) line.add("target", record.target->text());
  line.add("bytes", static_cast<std::int64_t>(record.bytes));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(record.time);
  line.add("ms", static_cast<std::int64_t>(took.count()));
  line.add("result", record.is_cut             ? std::string_view("cut")
                     : record.error == nullptr ? std::string_view("done")
                                               : name_of(record.error->code).value_or("unknown"));
  if (record.error != nullptr) line.add_unless_empty("text", record.error->text);
  return line.text();
}

}  // namespace hotline::cli
