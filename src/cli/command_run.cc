#include "cli/command_run.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>

#include "cli/command_connection.h"
#include "cli/endpoint_forms.h"
#include "cli/host_list.h"
#include "cli/option_values.h"
#include "cli/refusal_hint.h"
#include "cli/remote_fan_out.h"
#include "cli/remote_run.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/shell_line.h"
#include "cli/standard_input.h"
#include "cli/terminal_run.h"
#include "cli/wire_texts.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"

namespace hotline::cli {
namespace {

constexpr char kRunExamples[] =
    R"(  hotline run unix:///run/commands.sock -- ls -l 'two words'
  hotline run --shell 'ls -l | wc -l' tls://alice@server.example:8090
  tar c . | hotline run --cwd /srv/copy tls://alice@server.example:8090 -- tar x
  hotline run --on hosts.txt --fold -- uname -r
  hotline run --tty tls://alice@server.example:8090 -- top
  hotline run --on hosts.txt --outdir logs -- dmesg
  hotline run --json --timeout 5s tls://alice@server.example:8090 -- uptime
)";

constexpr char kRunDescription[] =
    R"(Runs COMMAND at ENDPOINT, where the service 'command' is served. Exactly that program
runs with exactly those arguments: no shell sees them. A line for the shell is given with --shell.

Standard output and standard error of the command come out as they arrive, each where it belongs.
At a terminal, control sequences are removed from them. Standard input is sent to the command unless
it is a terminal; its end is sent too. In a loop that reads standard input, give -n.

The exit status is that of the command; 128 and the number of the signal if a signal ended it; 126
or 127 if it could not be started. It is 2 for a wrong command line, and 255 with an error for
everything else: no connection, a timeout, a limit, a broken connection, output that is not
complete. It is 0 only if all of the output has arrived unchanged and the command has ended with 0.

With --on the command runs at many endpoints, each over a connection of its own, with no input.
Every line of output begins with its endpoint and ':'; what goes on a line of more than 8 KiB begins
with ':+'. With --fold, equal outputs are printed once, at the end, below the endpoints; with --json
there is an object for each endpoint. With --outdir and --errdir outputs go to files instead, one
for each endpoint. A file whose name ends with '.partial' does not have all of its output; files of
an earlier run are removed before anything runs. The last line on standard error counts the
endpoints: ok, failed (the command ended otherwise), refused, timed_out, unreachable, lost (it may
have run), cancelled. The exit status is 0 if all are ok, the highest of the commands if the others
have failed, and otherwise 255. A mistake in any endpoint, or a key that is missing, runs nothing
anywhere.

The first ^C cancels the command: the server kills it and every process that it has started. The
second ^C leaves without waiting for that.

With --tty the command runs on a terminal with the size and the TERM of this one. Every key goes to
it, ^C too, and all that it writes comes to this terminal unchanged, control sequences too. At the
beginning of a line ~. leaves at once, even if the connection hangs; ~^Z stops this program, ~?
lists these, ~~ sends a ~. The settings of this terminal come back at every end. If standard input
is not a terminal, the command gets one all the same: standard input is typed there, without
escapes, and its end types ^D.

With --reconnect a connection that is lost is made again, with pauses of up to 5 seconds between the
attempts. The output goes on at the byte where it stopped, input that did not arrive is sent again,
and the command runs once, even if the answer to its start was lost. A silent connection counts as
lost after 45 seconds. Notes on standard error say when it is lost and when it is back; ^C in
between leaves the command, and the hint says how to attach to it. The exit status is 255 if the
time is over, or if the server does not know the command any more, because it was started again.

With --json the result is one object on standard output, when the command has ended. An error is an
object on standard error.

)";

constexpr char kCourseDescription[] =
    R"(
Servers of the socket course have another wire, which must be given as wire=plain, ready or i32 in
ENDPOINT. There one word is a line for the shell, and several words are quoted, so that exactly that
program runs. Nothing is sent to its standard input, and the reply is what the command wrote to
standard error; if it wrote nothing there, what it wrote to standard output; if it wrote nothing at
all, 操作成功 ("operation successful"). A reply does not contain the exit status of the command: the
exit status is 0 after a whole reply, otherwise 2 or 255. On ready and i32 a reply is printed whole
or not at all. One that has begun and then brings nothing for 10 seconds is an error: the server
probably uses another wire. After ^C the connection is reset, and the server kills the command.
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

/// The options that the wires of the course cannot express.
constexpr const char* kRemoteOptions[] = {"--cwd",   "--env",      "--max-output", "--truncate",
                                          "--input", "--color",    "--keep",       "--detach",
                                          "--tty",   "--reconnect"};

ExitStatus run_on_course_wire(CommandTarget target, const RunOptions& options,
                              const CommonOptions& common) {
  if (!options.remote_option.empty()) {
    return report_error(usage_error(options.remote_option + " needs the wire 'hotline'",
                                    "leave it out, or write it into the command"),
                        ExitStatus::usage, common.output);
  }
  const DeadlineScope scope(deadline_after(options.timeout));
  auto client = connect_course(std::move(target), {.linger = options.linger});
  if (!client) return report_run_failure(client.error(), common.output);
  ReplyPrinter printer(common.output, controls_for_output(options.controls));
  const std::string line = options.line ? *options.line : shell_line(options.command);
  const auto ran = with_refusal_hint(run(*client, line, printer), options.endpoint);
  printer.finish();
  if (printer.failure() != 0) {
    return report_output_failure(printer.failure(), common.output, ExitStatus::no_reply);
  }
  if (!ran) return report_run_failure(ran.error(), common.output);
  return ExitStatus::ok;
}

ExitStatus run_at_endpoint(const RunOptions& options, const CommonOptions& common) {
  if (!options.hosts.empty()) return run_on_hosts(options, common);
  auto target = CommandTarget::parse(options.endpoint, common.home, options.connect_timeout);
  if (!target) return report_run_failure(target.error(), common.output);
  if (!options.course_option.empty() && target->command.wire == CommandWire::hotline) {
    return report_error(has_no_effect(options.course_option), ExitStatus::usage, common.output);
  }
  if (target->command.wire != CommandWire::hotline) {
    return run_on_course_wire(std::move(*target), options, common);
  }
  const bool is_at_terminal =
      options.terminal == TerminalUse::wanted && StandardInput::is_terminal();
  return is_at_terminal ? run_at_terminal(std::move(*target), options, common)
                        : run_remotely(std::move(*target), options, common);
}

std::vector<OptionRow> run_rows() {
  const RunOptions defaults;
  return {
      {.name = "--shell",
       .value = "LINE",
       .help = "let /bin/sh at the other end run LINE, instead of a COMMAND"},
      {.name = "--timeout",
       .value = "TIME",
       .help =
           "kill the command after TIME, and fail; connecting is limited to TIME too (default: " +
           format_duration(defaults.connect_timeout) + " to connect, no limit for the command)"},
      {.name = "--max-output",
       .value = "BYTES",
       .help = "kill the command when it has written more than BYTES, as in 64KiB"},
      {.name = "--truncate", .help = "drop output above --max-output instead"},
      {.name = "--cwd",
       .value = "DIR",
       .help = "start the command in DIR, an absolute path at the server"},
      {.name = "--env",
       .value = "NAME=VALUE",
       .help = "set a variable of the command; may be repeated. The server may refuse some"},
      {.name = "--tty",
       .letter = 't',
       .help =
           "run the command on a terminal that is like this one, for editors, pagers and shells"},
      {.name = "--no-input", .letter = 'n', .help = "do not read standard input"},
      {.name = "--input", .letter = 'i', .help = "send standard input even from a terminal"},
      {.name = "--keep",
       .value = "TIME",
       .help = "make the command a job: if the connection is lost, it goes on, and its output is "
               "kept, for TIME; none: as long as the server allows. See 'hotline help attach'"},
      {.name = "--detach",
       .help = "start the command as a job, print its id, and leave; it gets no input"},
      reconnect_row("go on with the command where it was; without --keep the command is a job that "
                    "is kept so long, and a minute"),
      {.name = "--color", .help = "let colours through at a terminal"},
      raw_row(),
      {.name = "--on",
       .value = "HOSTS",
       .help =
           "run COMMAND at many endpoints, instead of at ENDPOINT: those of the file HOSTS, one "
           "on each line, or several with commas between them"},
      {.name = "--fanout",
       .value = "N",
       .help = "with --on, so many connections at once (default " +
               std::to_string(defaults.hosts_at_once) + ")"},
      {.name = "--fold", .help = "with --on, print equal outputs once, at the end"},
      {.name = "--outdir",
       .value = "DIR",
       .help = "with --on, write each standard output to a file in DIR, instead of printing it"},
      {.name = "--errdir", .value = "DIR", .help = "the same for standard error"},
      {.name = "--json", .help = "print the result as one JSON object"},
      {.name = "--home", .value = "DIR", .help = "take the keys for tls:// from DIR"},
      {.name = "--linger",
       .value = "TIME",
       .help = "on the wire plain, the silence that ends a reply; on ready, how long to wait after "
               "the reply for the server to close (default " +
               format_duration(defaults.linger) + ")"},
  };
}

constexpr char kExample[] = "write for example 'hotline run tcp://127.0.0.1:8090 -- ls -l'";

Result<void> read_program(const Arguments& given, RunOptions& options) {
  const std::ptrdiff_t endpoints = given.has("--on") ? 0 : 1;
  options.command.assign(std::next(given.words.begin(), endpoints), given.words.end());
  if (given.has("--shell")) options.line = given.options.at("--shell");
  if (options.line && !options.command.empty()) {
    return fail(usage_error("--shell and COMMAND exclude each other", "leave out one of them"));
  }
  if (options.line && !options.line->empty()) return {};
  const bool is_empty =
      std::ranges::all_of(options.command, [](const std::string& word) { return word.empty(); });
  if (is_empty) return fail(usage_error("missing COMMAND", kExample));
  return {};
}

Result<void> read_environment(const Arguments& given, RunOptions& options) {
  if (!given.has("--env")) return {};
  for (const std::string& each : given.all.at("--env")) {
    const std::size_t equals = each.find('=');
    if (equals == each.npos || equals == 0) {
      return refuse_value("--env", usage_error(quote(each) + " is not NAME=VALUE",
                                               "write for example --env LANG=C.UTF-8"));
    }
    options.environment.push_back({each.substr(0, equals), each.substr(equals + 1)});
  }
  return {};
}

Result<void> read_input(const Arguments& given, RunOptions& options) {
  if (given.has("--input") && given.has("--no-input")) {
    return fail(usage_error("--input and --no-input exclude each other", "leave out one of them"));
  }
  if (given.has("--input")) options.input = InputUse::sent;
  if (given.has("--no-input")) options.input = InputUse::none;
  return {};
}

Result<void> read_remote(const Arguments& given, RunOptions& options) {
  const auto* const used =
      std::ranges::find_if(kRemoteOptions, [&](const char* option) { return given.has(option); });
  if (used != std::end(kRemoteOptions)) options.remote_option = *used;
  if (given.has("--cwd")) options.directory = given.options.at("--cwd");
  if (given.has("--color")) options.colours = FilteredColours::kept;
  options.is_detached = given.has("--detach");
  if (options.is_detached && given.has("--input")) {
    return fail(usage_error("a command with --detach gets no input", "leave out one of them"));
  }
  if (auto read = read_period(given, "--keep", options.keep); !read) return read;
  if (auto read = read_reconnect(given, options); !read) return read;
  if (given.has("--truncate")) options.on_excess = OutputExcess::truncate;
  if (auto read = read_bytes(given, "--max-output", options.output_max); !read) return read;
  if (auto read = read_environment(given, options); !read) return read;
  return read_input(given, options);
}

/// A command on a terminal: its keys are the input, and its screen is passed on as it is.
Result<void> read_terminal(const Arguments& given, RunOptions& options) {
  if (!given.has("--tty")) return {};
  for (const char* const option : {"--no-input", "--detach", "--json"}) {
    if (!given.has(option)) continue;
    return fail(usage_error(std::string(option) + " and --tty exclude each other",
                            "leave out one of them"));
  }
  options.terminal = TerminalUse::wanted;
  options.input = InputUse::sent;
  options.controls = Controls::raw;
  return {};
}
constexpr char kFilesExample[] = "write for example --outdir out --errdir err";

/// Options that are for one endpoint only.
constexpr const char* kSingleOptions[] = {"--keep",  "--detach", "--reconnect",
                                          "--input", "--linger", "--tty"};

/// Options that need --on.
constexpr const char* kManyOptions[] = {"--fanout", "--fold", "--outdir", "--errdir"};

/// Returns the directory under the same name as another word for it, without what may be added.
std::filesystem::path plain_directory(const std::string& word) {
  const auto path = std::filesystem::path(word + '/').lexically_normal();
  return path.has_parent_path() ? path.parent_path() : path;
}

Result<void> read_directories(const Arguments& given, RunOptions& options) {
  for (const auto& [option, directory] : {std::pair("--outdir", &options.output_directory),
                                          std::pair("--errdir", &options.error_directory)}) {
    if (!given.has(option)) continue;
    *directory = given.options.at(option);
    if (directory->empty()) return refuse_value(option, usage_error("it is empty", kFilesExample));
  }
  // Files of the same name would be in both.
  if (options.output_directory.empty() || options.error_directory.empty() ||
      plain_directory(options.output_directory) != plain_directory(options.error_directory)) {
    return {};
  }
  return fail(usage_error("--outdir and --errdir name the same directory", kFilesExample));
}

Result<void> read_many(const Arguments& given, RunOptions& options) {
  for (const char* const option : kManyOptions) {
    if (given.has(option) && !given.has("--on")) {
      return fail(
          usage_error(std::string(option) + " is for --on", "add --on HOSTS, or leave it out"));
    }
  }
  if (!given.has("--on")) return {};
  for (const char* const option : kSingleOptions) {
    if (!given.has(option)) continue;
    return fail(
        usage_error(std::string(option) + " and --on exclude each other", "leave out one of them"));
  }
  if (given.words_before_end.value_or(0) > 0) {
    return fail(usage_error(
        "with --on there is no ENDPOINT, and " + quote(given.words.front()) + " precedes --",
        "write all endpoints into HOSTS, with commas between them, and the command after --"));
  }
  auto hosts = read_hosts(given.options.at("--on"));
  if (!hosts) return fail(std::move(hosts.error()));
  options.hosts = std::move(*hosts);
  if (given.has("--fold")) options.outputs = ManyOutputs::folded;
  if (auto read = read_directories(given, options); !read) return read;
  std::optional<std::size_t> at_once = options.hosts_at_once;
  auto read = read_count(given, "--fanout", at_once);
  options.hosts_at_once = *at_once;
  return read;
}

}  // namespace

OptionRow reconnect_row(const std::string& then) {
  return {.name = "--reconnect",
          .value = "TIME",
          .help = "when the connection is lost, try for TIME to connect again, and " + then};
}

Result<void> read_reconnect(const Arguments& given, RunOptions& options) {
  if (given.has("--reconnect") && given.has("--tty")) {
    return fail(usage_error("--reconnect and --tty exclude each other", "leave out one of them"));
  }
  return read_period(given, "--reconnect", options.reconnect);
}

Result<RunOptions> read_run(const Arguments& given) {
  if (given.words.empty() && !given.has("--on")) {
    return fail(usage_error("missing ENDPOINT", kExample));
  }
  RunOptions options;
  if (auto read = read_many(given, options); !read) return fail(read.error());
  if (auto read = read_program(given, options); !read) return fail(read.error());
  if (auto read = read_waits(given, options); !read) return fail(read.error());
  if (auto read = read_remote(given, options); !read) return fail(read.error());
  if (auto read = read_terminal(given, options); !read) return fail(read.error());
  return options;
}

ExitStatus report_run_failure(const Error& error, OutputForm form) {
  const bool is_usage = status_of_connect(error) == ExitStatus::usage;
  return report_error(error, is_usage ? ExitStatus::usage : ExitStatus::no_reply, form);
}

Subcommand run_subcommand() {
  return {.name = "run",
          .summary = "run one command at an endpoint, as if it ran here",
          .examples = kRunExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "COMMAND",
                        .usage = "-- COMMAND [ARGUMENT]...",
                        .repeats = Repeats::yes}},
          .options = run_rows(),
          .description = std::string(kRunDescription) +
                         "ENDPOINT may have these options. wire= must be the same as the "
                         "server's:\n\n" +
                         two_columns(client_wire_options()) + kCourseDescription,
          .notes = kTimes,
          .run = read_and_run<read_run, run_at_endpoint>};
}

}  // namespace hotline::cli
