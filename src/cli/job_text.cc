#include "cli/job_text.h"

#include <variant>
#include <vector>

#include "cli/option_values.h"
#include "cli/remote_result.h"
#include "cli/report.h"
#include "cli/text_layout.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kProgramShownMax = 60;

std::string job_state(const JobEntry& job) {
  if (job.exit) return job.exit->describe();
  return job.is_attached ? "runs, attached" : "runs";
}

std::string program_of(const JobEntry& job) {
  std::string text;
  if (const auto* const words = std::get_if<CommandWords>(&job.program)) {
    for (const std::string& each : words->words) text += (text.empty() ? "" : " ") + each;
  } else if (const auto* const shell = std::get_if<ShellLine>(&job.program)) {
    text = shell->line;
  } else {
    text = "(shell)";
  }
  return escape(as_bytes(text), kProgramShownMax);
}

}  // namespace

std::string table_of(std::span<const JobEntry> jobs) {
  std::vector<std::vector<std::string>> rows = {{"JOB", "STATE", "BYTES", "COMMAND"}};
  for (const JobEntry& each : jobs) {
    rows.push_back({each.job.text(), job_state(each),
                    std::to_string(each.output_bytes + each.error_bytes), program_of(each)});
  }
  return table(rows);
}

JsonLine json_of_job(const JobEntry& job) {
  JsonLine object;
  object.add("id", job.job.text());
  add_program(object, job.program);
  if (job.is_cut) object.add_flag("cut", true);
  object.add_unless_empty("label", job.label);
  object.add_flag("running", !job.exit);
  object.add_flag("attached", job.is_attached);
  if (job.started) object.add("started", *job.started);
  if (job.exit) {
    CommandExit end = *job.exit;
    end.started.reset();
    add_exit(object, end);
  }
  if (job.kept_until) object.add("kept_until", *job.kept_until);
  object.add("stdout_bytes", static_cast<std::int64_t>(job.output_bytes));
  object.add("stderr_bytes", static_cast<std::int64_t>(job.error_bytes));
  JsonLine line = JsonLine::versioned();
  line.add("job", object);
  return line;
}

Result<JobId> parse_job(const std::string& word) {
  const auto job = JobId::parse(word);
  if (job) return *job;
  return fail(usage_error(quote(word) + " is not the id of a job",
                          "'hotline jobs ENDPOINT' lists the jobs"));
}

}  // namespace hotline::cli
