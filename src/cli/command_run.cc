#include "cli/command_run.h"

#include <string>
#include <utility>

#include "cli/command_connection.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/shell_line.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"

namespace hotline::cli {
namespace {

/// The reply goes out once it is certain: on the wire `plain` nothing ever is.
Result<void> run(CommandClient& client, const std::string& line, ReplyPrinter& printer) {
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

}  // namespace

ExitStatus run_command(const RunOptions& options, const CommonOptions& common) {
  const DeadlineScope scope(deadline_after(options.timeout));
  auto client = connect_command(
      options.endpoint, {.linger = options.linger, .connect_timeout = options.connect_timeout});
  if (!client) return report_failure(client.error(), common.output);
  ReplyPrinter printer(common.output, controls_for_output(options.controls));
  const auto ran = run(*client, shell_line(options.command), printer);
  printer.finish();
  if (printer.failure() != 0) {
    report_output_failure(printer.failure(), common.output);
    return ExitStatus::no_reply;
  }
  if (!ran) return report_failure(ran.error(), common.output);
  return ExitStatus::ok;
}

}  // namespace hotline::cli
