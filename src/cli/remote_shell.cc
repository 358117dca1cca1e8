#include "cli/remote_shell.h"

#include <string>
#include <utility>

#include "cli/line_reader.h"
#include "cli/remote_connection.h"
#include "cli/remote_link.h"
#include "cli/remote_run.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

/// Runs the lines of one user at the server, one after another, over one connection.
class RemoteShell final : private PeerWatch {
 public:
  RemoteShell(RemoteLink& link, const ShellOptions& options, OutputForm form)
      : link_(link), form_(form) {
    options_.controls = options.controls;
    options_.colours = options.colours;
    options_.timeout = options.timeout;
    options_.input = InputUse::none;
  }

  /// Returns the status of the last line.
  ExitStatus converse(MessageSource& lines) {
    std::string line;
    RemoteRunEnd last{ExitStatus::ok, true};
    while (last.can_go_on) {
      const MessageSource::Next next = lines.next(line, *this);
      if (next == MessageSource::Next::hang_up) return report_lost();
      if (next == MessageSource::Next::end) break;
      last = run(line);
    }
    return last.status;
  }

 private:
  RemoteRunEnd run(const std::string& line) {
    RemoteCommand command{.program = ShellLine{line}};
    command.timeout = options_.timeout;
    if (const auto checked = command.check(); !checked) {
      return {report_error(checked.error(), ExitStatus::no_reply, form_), true};
    }
    return run_command(link_, command, options_, form_);
  }

  ExitStatus report_lost() const {
    return report_error(*link_.client().failure(), ExitStatus::no_reply, form_);
  }

  int descriptor() const override { return -1; }
  bool has_hung_up() const override { return link_.client().failure().has_value(); }
  bool show_arrived() override { return true; }
  void settle() override {}

  RemoteLink& link_;
  RunOptions options_;
  OutputForm form_;
};

}  // namespace

ExitStatus shell_remotely(CommandTarget target, const ShellOptions& options,
                          const CommonOptions& common) {
  auto client = connect_remote(std::move(target), options.endpoint);
  if (!client) {
    return report_error(client.error(), status_of_connect(client.error()), common.output);
  }
  RemoteLink link(std::move(*client));
  const auto lines = LineReader::on_standard_input(Home(common.home), {.quit = QuitLine::ends});
  const ExitStatus status = RemoteShell(link, options, common.output).converse(*lines);
  if (lines->failure() == 0) return status;
  return report_input_failure(lines->failure(), common.output);
}

}  // namespace hotline::cli
