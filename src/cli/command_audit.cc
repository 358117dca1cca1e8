#include "cli/command_audit.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <variant>
#include <vector>

#include "cli/json_line.h"
#include "cli/remote_result.h"

namespace hotline::cli {
namespace {

/// How many bytes of words, and of the names of variables, a line shows. It bounds what waits for
/// the file.
constexpr std::size_t kRecordedMax = 4096;

/// Cuts `words` after `kRecordedMax` bytes. Returns true if something was cut off.
bool cut_words(std::vector<std::string>& words) {
  std::size_t left = kRecordedMax;
  for (auto each = words.begin(); each != words.end(); ++each) {
    if (each->size() > left || left == 0) {
      each->resize(left);
      words.erase(std::next(each), words.end());
      return true;
    }
    left -= each->size();
    // So that the number of words is limited too.
    left -= std::min<std::size_t>(left, 1);
  }
  return false;
}

void add_cut_program(JsonLine& line, RemoteProgram program) {
  bool is_cut = false;
  if (auto* const words = std::get_if<CommandWords>(&program)) is_cut = cut_words(words->words);
  if (auto* const shell = std::get_if<ShellLine>(&program)) {
    is_cut = shell->line.size() > kRecordedMax;
    if (is_cut) shell->line.resize(kRecordedMax);
  }
  add_program(line, program);
  if (is_cut) line.add_flag("cut", true);
}

JsonLine output_json(std::uint64_t bytes, std::uint64_t digest) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(digest));
  JsonLine object;
  object.add("bytes", static_cast<std::int64_t>(bytes));
  object.add("xxh3", digits);
  return object;
}

}  // namespace

std::string audit_line(const CommandRecord& record) {
  JsonLine line = JsonLine::versioned();
  if (record.job != JobId{}) line.add("job", record.job.text());
  line.add_unless_empty("caller", record.caller);
  line.add("endpoint", record.endpoint);
  add_cut_program(line, record.command.program);
  line.add_unless_empty("directory", record.command.directory);
  if (!record.command.environment.empty()) {
    // The values may be secrets.
    std::vector<std::string> names;
    for (const RemoteVariable& each : record.command.environment) names.push_back(each.name);
    cut_words(names);
    line.add("variables", names);
  }
  line.add_unless_empty("label", record.command.label);
  if (record.command.terminal) line.add_flag("terminal", true);
  add_exit(line, record.exit);
  line.add("stdout", output_json(record.output_bytes, record.output_digest));
  line.add("stderr", output_json(record.error_bytes, record.error_digest));
  return line.text();
}

}  // namespace hotline::cli
