#include "cli/command_jobs.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "cli/client_loop.h"
#include "cli/command_run.h"
#include "cli/endpoint_forms.h"
#include "cli/job_text.h"
#include "cli/option_values.h"
#include "cli/remote_connection.h"
#include "cli/report.h"
#include "hotline/core/bytes.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/services/signal_name.h"
#include "hotline/services/upper.h"

namespace hotline::cli {
namespace {

constexpr char kJobsExamples[] =
    R"(  hotline jobs unix:///run/commands.sock
  hotline jobs --signal TERM unix:///run/commands.sock 0123456789abcdef0123456789abcdef
  hotline jobs --forget unix:///run/commands.sock 0123456789abcdef0123456789abcdef
)";

constexpr char kJobsDescription[] =
    R"(Lists the jobs of this caller at ENDPOINT: the commands that were started with
'hotline run --detach' or '--keep', as long as the server keeps them. With a JOB it sends a signal
to it, or ends it and drops its output.

The exit status is 0 on success, 2 for a wrong command line, and 255 for any failure.
)";

ExitStatus list_jobs(CommandClient& client, Deadline deadline, OutputForm form) {
  const auto jobs = client.list(deadline);
  if (!jobs) return report_error(jobs.error(), ExitStatus::no_reply, form);
  std::string text;
  if (form == OutputForm::json) {
    for (const JobEntry& each : *jobs) text += json_of_job(each).text() + '\n';
  } else {
    text = table_of(*jobs);
  }
  return print_output(text, ExitStatus::ok, form, ExitStatus::no_reply);
}

ExitStatus manage_jobs_of(CommandTarget target, const JobsOptions& options, OutputForm form) {
  auto client = connect_remote(std::move(target), options.endpoint);
  if (!client) return report_run_failure(client.error(), form);
  const Deadline deadline = deadline_after(options.timeout);
  if (!options.job) return list_jobs(*client, deadline, form);
  const auto done = options.signal ? client->signal(*options.job, *options.signal, deadline)
                                   : client->forget(*options.job, deadline);
  return done ? ExitStatus::ok : report_error(done.error(), ExitStatus::no_reply, form);
}

ExitStatus manage_jobs(const JobsOptions& options, const CommonOptions& common) {
  auto target = parse_jobs_target(options.endpoint, common.home, options.timeout);
  if (!target) return report_run_failure(target.error(), common.output);
  return run_on_client_loop(
      [&] { return manage_jobs_of(std::move(*target), options, common.output); }, common.output);
}

std::vector<OptionRow> jobs_rows() {
  const JobsOptions defaults;
  return {
      {.name = "--signal",
       .value = "NAME",
       .help = "send a signal to the process group of JOB: its name, as in TERM, or number"},
      {.name = "--forget", .help = "end JOB, if it runs, and drop its output"},
      {.name = "--timeout",
       .value = "TIME",
       .help =
           "fail if it takes longer than TIME (default " + format_duration(defaults.timeout) + ")"},
      {.name = "--json", .help = "print one JSON object for each job"},
      {.name = "--home", .value = "DIR", .help = "take the keys for tls:// from DIR"},
  };
}

/// Returns the number of a signal that was written as kill(1) takes it; nullopt if there is none.
std::optional<int> parse_signal(std::string word) {
  int number = 0;
  const char* const last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, number);
  if (error == std::errc() && end == last) {
    return signal_name(number).empty() ? std::nullopt : std::optional(number);
  }
  to_upper(as_writable_bytes(word));
  return signal_number(word);
}

Result<void> read_signal(const Arguments& given, JobsOptions& options) {
  if (!given.has("--signal")) return {};
  const std::string& name = given.options.at("--signal");
  options.signal = parse_signal(name);
  if (options.signal) return {};
  return refuse_value("--signal", usage_error(quote(name) + " is not a signal",
                                              "write for example TERM, SIGTERM, kill or 9"));
}

}  // namespace

Result<JobsOptions> read_jobs(const Arguments& given) {
  constexpr char kForms[] =
      "write 'hotline jobs ENDPOINT' or 'hotline jobs --signal TERM ENDPOINT "
      "JOB'";
  if (given.words.empty()) return fail(usage_error("missing ENDPOINT", kForms));
  JobsOptions options;
  options.endpoint = given.words.front();
  options.is_forgotten = given.has("--forget");
  if (auto read = read_limit(given, "--timeout", options.timeout); !read) return fail(read.error());
  if (auto read = read_signal(given, options); !read) return fail(read.error());
  if (options.signal && options.is_forgotten) {
    return fail(usage_error("--signal and --forget exclude each other", "leave out one of them"));
  }
  const bool needs_job = options.signal || options.is_forgotten;
  if (given.words.size() < 2) {
    if (needs_job) return fail(usage_error("missing JOB", kForms));
    return options;
  }
  const auto job = parse_job(given.words[1]);
  if (!job) return fail(job.error());
  if (!needs_job) return fail(usage_error("what is to be done with the job?", kForms));
  options.job = *job;
  return options;
}

Subcommand jobs_subcommand() {
  return {.name = "jobs",
          .summary = "list the jobs at an endpoint, signal or forget one",
          .examples = kJobsExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "JOB", .usage = "[JOB]"}},
          .options = jobs_rows(),
          .description = kJobsDescription,
          .notes = kTimes,
          .run = read_and_run<read_jobs, manage_jobs>};
}

}  // namespace hotline::cli
