#include "cli/command_run.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "cli/command_connection.h"
#include "cli/endpoint_forms.h"
#include "cli/option_values.h"
#include "cli/refusal_hint.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/shell_line.h"
#include "cli/wire_texts.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"

namespace hotline::cli {
namespace {

constexpr char kRunExamples[] =
    R"(  hotline run tcp://127.0.0.1:8090 -- ls -l 'two words'
  hotline run 'tcp://127.0.0.1:8090?wire=i32' 'ls -l | wc -l'
)";

constexpr char kRunDescription[] =
    R"(Runs COMMAND at ENDPOINT, where the service 'command' is served, and prints its output.
One word is a line for the shell at the other end. Several words are quoted, so that exactly that
program runs with exactly those arguments.

The reply is what the command wrote to standard error; if it wrote nothing there, what it wrote to
standard output; if it wrote nothing at all, 操作成功 ("operation successful"). A command without
output, like 'true' or 'false', is therefore answered with 操作成功 whether it succeeded or failed: a
reply does not contain the exit status of the command.

COMMAND has an empty standard input: the standard input of 'hotline run' is neither read nor sent.

On the wires ready and i32 a reply is printed whole or not at all. One that has begun and then
brings nothing for 10 seconds is an error: the server probably uses another wire.

The exit status is 0 after a whole reply, 2 for a wrong command line, and 255 for any other
failure. After ^C the connection is reset, and the server kills the command and every process it
started.

ENDPOINT may have these options. wire= must be the same as the server's:

)";

/// The reply is printed when it is known to be complete, which is never known with the wire
/// `plain`.
Result<void> run(ShellLineClient& client, const std::string& line, ReplyPrinter& printer) {
  const auto print = [&](Bytes piece) { return printer.print_piece(piece); };
  if (client.wire() == CommandWire::plain) return client.run(line, print);
  const auto reply = client.run(line);
  if (!reply) return fail(reply.error());
  if (client.wire() == CommandWire::ready) {
    if (auto finished = client.finish(); !finished) return finished;
  }
  if (!reply->empty()) print(as_bytes(*reply));
  return {};
}

ExitStatus report_failure(const Error& error, OutputForm form) {
  const bool is_usage = status_of_connect(error) == ExitStatus::usage;
  return report_error(error, is_usage ? ExitStatus::usage : ExitStatus::no_reply, form);
}

ExitStatus run_at_endpoint(const RunOptions& options, const CommonOptions& common) {
  const DeadlineScope scope(deadline_after(options.timeout));
  auto client = connect_command(
      options.endpoint,
      {.linger = options.linger, .connect_timeout = options.connect_timeout, .home = common.home});
  if (!client) return report_failure(client.error(), common.output);
  ReplyPrinter printer(common.output, controls_for_output(options.controls));
  const auto ran =
      with_refusal_hint(run(*client, shell_line(options.command), printer), options.endpoint);
  printer.finish();
  if (printer.failure() != 0) {
    report_output_failure(printer.failure(), common.output);
    return ExitStatus::no_reply;
  }
  if (!ran) return report_failure(ran.error(), common.output);
  return ExitStatus::ok;
}

std::vector<OptionRow> run_rows() {
  const RunOptions defaults;
  return {
      {.name = "--linger",
       .value = "TIME",
       .help = "on the wire plain, the silence that ends a reply; on ready, how long to wait after "
               "the reply for the server to close (default " +
               format_duration(defaults.linger) + ")"},
      {.name = "--timeout",
       .value = "TIME",
       .help = "fail if all of it takes longer than TIME (default: " +
               format_duration(defaults.connect_timeout) +
               " to connect, no limit for the command)"},
      raw_row(),
      reply_json_row(),
  };
}

}  // namespace

Result<RunOptions> read_run(const Arguments& given) {
  constexpr char kExample[] = "write for example 'hotline run tcp://127.0.0.1:8090 -- ls -l'";
  if (given.words.empty()) return fail(usage_error("missing ENDPOINT", kExample));
  RunOptions options;
  options.command.assign(std::next(given.words.begin()), given.words.end());
  const bool is_empty =
      std::ranges::all_of(options.command, [](const std::string& word) { return word.empty(); });
  if (is_empty) return fail(usage_error("missing COMMAND", kExample));
  if (auto read = read_waits(given, options); !read) return fail(read.error());
  return options;
}

Subcommand run_subcommand() {
  return {.name = "run",
          .summary = "run one command at an endpoint and print its output",
          .examples = kRunExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "COMMAND",
                        .usage = "-- COMMAND [ARGUMENT]...",
                        .repeats = Repeats::yes}},
          .options = run_rows(),
          .description = kRunDescription + two_columns(client_wire_options()),
          .notes = kTimes,
          .run = read_and_run<read_run, run_at_endpoint>};
}

}  // namespace hotline::cli
