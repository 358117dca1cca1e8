#include "cli/command_shell.h"

#include <string>
#include <utility>

#include "cli/command_connection.h"
#include "cli/line_reader.h"
#include "cli/reply_printer.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

/// The lines of one user, each run at the other end before the next is asked for.
class Shell final : private PeerWatch {
 public:
  Shell(CommandClient& client, ReplyPrinter& printer) : client_(client), printer_(printer) {}

  Result<void> converse(MessageSource& lines) {
    std::string line;
    for (;;) {
      const MessageSource::Next next = lines.next(line, *this);
      if (next == MessageSource::Next::hang_up) return watched_;
      if (next == MessageSource::Next::end) break;
      if (auto ran = client_.run(line, sink()); !ran) return ran;
      printer_.end_reply();
    }
    client_.stream().close();
    return {};
  }

 private:
  CommandClient::Sink sink() {
    return [this](Bytes piece) { return printer_.print_piece(piece); };
  }

  int descriptor() const override { return client_.stream().descriptor(); }
  bool show_arrived() override {
    watched_ = client_.take_unasked(sink());
    return watched_.has_value();
  }
  void settle() override { printer_.end_reply(); }

  CommandClient& client_;
  ReplyPrinter& printer_;
  Result<void> watched_;  ///< The result of the peer's activity while the user was typing.
};

}  // namespace

ExitStatus shell_command(const ShellOptions& options, const CommonOptions& common) {
  auto client = connect_command(options.endpoint, {.linger = options.linger,
                                                   .connect_timeout = options.connect_timeout,
                                                   .timeout = options.timeout});
  if (!client)
    return report_error(client.error(), status_of_connect(client.error()), common.output);
  ReplyPrinter printer(common.output, controls_for_output(options.controls));
  const auto lines = LineReader::on_standard_input(Home(common.home));
  const auto conversed = Shell(*client, printer).converse(*lines);
  printer.end_reply();
  if (printer.failure() != 0) return report_output_failure(printer.failure(), common.output);
  if (!conversed) return report_error(conversed.error(), ExitStatus::failed, common.output);
  if (lines->failure() == 0) return ExitStatus::ok;
  return report_input_failure(lines->failure(), common.output);
}

}  // namespace hotline::cli
