#include "cli/command_shell.h"

#include <string>
#include <utility>

#include "cli/call_end.h"
#include "cli/command_connection.h"
#include "cli/endpoint_forms.h"
#include "cli/line_reader.h"
#include "cli/option_values.h"
#include "cli/refusal_hint.h"
#include "cli/remote_shell.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/terminal_run.h"
#include "cli/wire_texts.h"
#include "hotline/core/duration.h"

namespace hotline::cli {
namespace {

constexpr char kShellExamples[] = R"(  hotline shell unix:///run/commands.sock
  printf 'pwd\nls\n' | hotline shell tls://alice@server.example:8090
)";

constexpr char kShellDescription[] =
    R"(At a terminal, runs the shell of the server's user at ENDPOINT, where the service
'command' is served, on a terminal there. It keeps its directory and variables. Keys, the escape ~.
and what comes to this terminal are as in 'hotline run --tty'. The exit status is that of the shell.

If standard input or output is not a terminal, and with --json, runs each line of standard input in
a new shell. A 'cd' or a variable is then lost at the end of its line. Blank lines are skipped. The
line 'quit' or the end of input ends the shell. The output of each line comes out as in 'hotline
run', and ^C cancels a line as there. The exit status is that of the last line, as in 'hotline run'.

If the server cannot be reached, the exit status is 5, or 6 if it does not answer in time.

On the wires of the socket course (wire=plain, ready or i32) each line runs in a new shell; at a
terminal there is a prompt with editing and a history, as in 'hotline call'. Replies go to standard
output, each with a newline added if it has none; 'hotline help run' says what a reply is. The exit
status is 0 on success, and 1 on any failure, including the server hanging up.

ENDPOINT may have these options. wire= must be the same as the server's:

)";

/// Runs the lines of one user at the server, one after another.
class Shell final : private PeerWatch {
 public:
  Shell(ShellLineClient& client, ReplyPrinter& printer) : client_(client), printer_(printer) {}

  Result<void> converse(MessageSource& lines) {
    std::string line;
    for (;;) {
      const MessageSource::Next next = lines.next(line, *this);
      if (next == MessageSource::Next::hang_up) return watched_;
      if (next == MessageSource::Next::end) break;
      if (auto ran = client_.run(line, sink()); !ran) return ran;
      has_reply_ = true;
      printer_.end_reply();
    }
    client_.stream().close();
    return {};
  }

  /// Returns true if a line has been answered.
  bool has_reply() const { return has_reply_; }

 private:
  ShellLineClient::Sink sink() {
    return [this](Bytes piece) { return printer_.print_piece(piece); };
  }

  int descriptor() const override { return client_.stream().descriptor(); }
  bool has_unread() const override { return client_.stream().has_unread(); }
  bool show_arrived() override {
    watched_ = client_.take_unasked(sink());
    return watched_.has_value();
  }
  void settle() override { printer_.end_reply(); }

  ShellLineClient& client_;
  ReplyPrinter& printer_;
  bool has_reply_ = false;
  Result<void> watched_;  ///< The result of the peer's activity while the user was typing.
};

ExitStatus shell_on_course_wire(CommandTarget target, const ShellOptions& options,
                                const CommonOptions& common) {
  auto client =
      connect_course(std::move(target), {.linger = options.linger, .timeout = options.timeout});
  if (!client) {
    return report_error(client.error(), status_of_connect(client.error()), common.output);
  }
  ReplyPrinter printer(common.output, controls_for_output(options.controls));
  const auto lines = LineReader::on_standard_input(Home(common.home), {.quit = QuitLine::ends});
  Shell shell(*client, printer);
  auto conversed = shell.converse(*lines);
  if (!shell.has_reply()) conversed = with_refusal_hint(std::move(conversed), options.endpoint);
  printer.end_reply();
  return report_call_end(conversed, printer, *lines, common.output);
}

ExitStatus run_shell(const ShellOptions& options, const CommonOptions& common) {
  auto target = CommandTarget::parse(options.endpoint, common.home, options.connect_timeout);
  if (!target) {
    return report_error(target.error(), status_of_connect(target.error()), common.output);
  }
  if (!options.course_option.empty() && target->command.wire == CommandWire::hotline) {
    return report_error(has_no_effect(options.course_option), ExitStatus::usage, common.output);
  }
  if (target->command.wire != CommandWire::hotline) {
    return shell_on_course_wire(std::move(*target), options, common);
  }
  const bool is_live =
      StandardInput::is_terminal() && is_output_terminal() && common.output == OutputForm::text;
  return is_live ? shell_at_terminal(std::move(*target), options, common)
                 : shell_remotely(std::move(*target), options, common);
}

std::vector<OptionRow> shell_rows() {
  const ShellOptions defaults;
  return {
      {.name = "--linger",
       .value = "TIME",
       .help = "on the wire plain, the silence that ends a reply (default " +
               format_duration(defaults.linger) + "); what comes later is shown when it comes"},
      {.name = "--timeout",
       .value = "TIME",
       .help = "fail if connecting or one line takes longer than TIME (default: " +
               format_duration(defaults.connect_timeout) +
               " to connect, no limit for lines); a shell at a terminal has no limit"},
      {.name = "--color", .help = "on the wire hotline, let colours through at a terminal"},
      raw_row(),
      {.name = "--json", .help = "print the result of each line as one JSON object"},
      {.name = "--home", .value = "DIR", .help = "keep the history of typed lines in DIR"},
  };
}

}  // namespace

Result<ShellOptions> read_shell(const Arguments& given) {
  if (given.words.empty()) {
    return fail(
        usage_error("missing ENDPOINT", "write for example 'hotline shell tcp://127.0.0.1:8090'"));
  }
  ShellOptions options;
  if (auto read = read_waits(given, options); !read) return fail(read.error());
  if (given.has("--color")) options.colours = FilteredColours::kept;
  return options;
}

Subcommand shell_subcommand() {
  return {.name = "shell",
          .summary = "a shell at an endpoint, or its lines one at a time",
          .examples = kShellExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes}},
          .options = shell_rows(),
          .description = kShellDescription + two_columns(client_wire_options()),
          .notes = kTimes,
          .run = read_and_run<read_shell, run_shell>};
}

}  // namespace hotline::cli
