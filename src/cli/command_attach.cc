#include "cli/command_attach.h"

#include <utility>

#include "cli/client_loop.h"
#include "cli/endpoint_forms.h"
#include "cli/job_text.h"
#include "cli/option_values.h"
#include "cli/remote_connection.h"
#include "cli/remote_run.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/terminal_run.h"
#include "hotline/core/duration.h"

namespace hotline::cli {
namespace {

constexpr char kAttachExamples[] =
    R"(  hotline run --detach unix:///run/commands.sock -- make -j4
  hotline jobs unix:///run/commands.sock
  hotline attach unix:///run/commands.sock 0123456789abcdef0123456789abcdef
)";

constexpr char kAttachDescription[] =
    R"(Attaches to a command that was started with 'hotline run --detach' or '--keep', prints all
of its output that the server keeps, and goes on with it to its end. Output, --json and the exit
status are as in 'hotline run'.

With --reconnect a connection that is lost is made again, and nothing is lost or printed twice: see
'hotline help run'.

^C leaves the command, which goes on, and so does an end of the reader of standard output, as in
'hotline attach ... | head'; the exit status is 255 then. A job has one client: another one
that is attached to it is cut off. Standard input is sent to the job with --input only, after the
input that the job has got already.

With --tty this terminal becomes that of a job that was started with 'hotline run --tty --keep':
keys, the escape ~. and what comes to this terminal are as there. All that the server keeps of its
output is shown again first.

The server keeps a job as long as 'hotline run' has asked for, at most a day; with --detach and
without --keep as long as the server allows. 'hotline jobs --forget' ends it and drops its output.
)";

ExitStatus attach_at_endpoint(const AttachOptions& options, const CommonOptions& common) {
  const OutputForm form = common.output;
  if (options.run.terminal == TerminalUse::wanted && !StandardInput::is_terminal()) {
    return report_error(usage_error("--tty needs a terminal as standard input",
                                    "leave it out; --input sends standard input to the job"),
                        ExitStatus::usage, form);
  }
  auto target = parse_jobs_target(options.run.endpoint, common.home, options.run.connect_timeout);
  if (!target) return report_run_failure(target.error(), form);
  if (options.run.terminal == TerminalUse::wanted) {
    return attach_at_terminal(std::move(*target), options.job, options.run);
  }
  return run_on_client_loop(
      [&] {
        auto client = connect_remote(std::move(*target), options.run.endpoint);
        if (!client) return report_run_failure(client.error(), form);
        RemoteLink link(std::move(*client), connecting_again(options.run, common));
        return attach_job(link, options.job, options.run, form).status;
      },
      form);
}

std::vector<OptionRow> attach_rows() {
  const RunOptions defaults;
  return {
      {.name = "--timeout",
       .value = "TIME",
       .help = "fail if connecting takes longer than TIME (default " +
               format_duration(defaults.connect_timeout) + ")"},
      {.name = "--tty",
       .letter = 't',
       .help = "connect this terminal to a job that was started with 'hotline run --tty'"},
      reconnect_row("attach again where the output was cut off"),
      {.name = "--input", .letter = 'i', .help = "send standard input to the job"},
      {.name = "--color", .help = "let colours through at a terminal"},
      raw_row(),
      {.name = "--json", .help = "print the result as one JSON object"},
      {.name = "--home", .value = "DIR", .help = "take the keys for tls:// from DIR"},
  };
}

}  // namespace

Result<AttachOptions> read_attach(const Arguments& given) {
  if (given.words.size() < 2) {
    return fail(usage_error(given.words.empty() ? "missing ENDPOINT" : "missing JOB",
                            "write 'hotline attach ENDPOINT JOB'; 'hotline jobs' lists the jobs"));
  }
  AttachOptions options;
  options.run.endpoint = given.words.front();
  const auto job = parse_job(given.words[1]);
  if (!job) return fail(job.error());
  options.job = *job;
  if (auto read = read_limit(given, "--timeout", options.run.connect_timeout); !read) {
    return fail(read.error());
  }
  if (auto read = read_reconnect(given, options.run); !read) return fail(read.error());
  options.run.controls = read_controls(given);
  options.run.input = given.has("--input") ? InputUse::sent : InputUse::none;
  if (given.has("--color")) options.run.colours = FilteredColours::kept;
  if (given.has("--tty")) options.run.terminal = TerminalUse::wanted;
  if (given.has("--tty") && given.has("--json")) {
    return fail(usage_error("--json and --tty exclude each other", "leave out one of them"));
  }
  return options;
}

Subcommand attach_subcommand() {
  return {.name = "attach",
          .summary = "go on with a command that runs as a job",
          .examples = kAttachExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "JOB", .usage = "JOB"}},
          .options = attach_rows(),
          .description = kAttachDescription,
          .notes = kTimes,
          .run = read_and_run<read_attach, attach_at_endpoint>};
}

}  // namespace hotline::cli
