#include "cli/command_shell.h"

#include <string>
#include <utility>

#include "cli/call_end.h"
#include "cli/command_connection.h"
#include "cli/endpoint_forms.h"
#include "cli/line_reader.h"
#include "cli/option_values.h"
#include "cli/refusal_hint.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/wire_texts.h"
#include "hotline/core/duration.h"

namespace hotline::cli {
namespace {

constexpr char kShellExamples[] = R"(  hotline shell tcp://127.0.0.1:8090
  printf 'pwd\nls\n' | hotline shell 'tcp://127.0.0.1:8090?wire=i32'
)";

constexpr char kShellDescription[] =
    R"(Runs each line of standard input at ENDPOINT, where the service 'command' is served, in
a new shell. A 'cd' or a variable is therefore lost at the end of its line. Replies go to standard
output, each with a newline added if it has none; 'hotline help run' says what a reply is. Blank
lines are skipped. The line 'quit' or the end of input ends the shell. At a terminal there is a
prompt with editing and a history, as in 'hotline call'.

The exit status is 0 on success, and 1 on any failure, including the server hanging up.

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

ExitStatus run_shell(const ShellOptions& options, const CommonOptions& common) {
  auto client = connect_command(options.endpoint, {.linger = options.linger,
                                                   .connect_timeout = options.connect_timeout,
                                                   .timeout = options.timeout,
                                                   .home = common.home});
  if (!client)
    return report_error(client.error(), status_of_connect(client.error()), common.output);
  ReplyPrinter printer(common.output, controls_for_output(options.controls));
  const auto lines = LineReader::on_standard_input(Home(common.home), {.quit = QuitLine::ends});
  Shell shell(*client, printer);
  auto conversed = shell.converse(*lines);
  if (!shell.has_reply()) conversed = with_refusal_hint(std::move(conversed), options.endpoint);
  printer.end_reply();
  return report_call_end(conversed, printer, *lines, common.output);
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
       .help = "fail if connecting or one reply takes longer than TIME (default: " +
               format_duration(defaults.connect_timeout) + " to connect, no limit for replies)"},
      raw_row(),
      reply_json_row(),
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
  return options;
}

Subcommand shell_subcommand() {
  return {.name = "shell",
          .summary = "run commands at an endpoint, a line at a time",
          .examples = kShellExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes}},
          .options = shell_rows(),
          .description = kShellDescription + two_columns(client_wire_options()),
          .notes = kTimes,
          .run = read_and_run<read_shell, run_shell>};
}

}  // namespace hotline::cli
