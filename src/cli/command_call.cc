#include "cli/command_call.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "cli/datagram_call.h"
#include "cli/line_reader.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/stream_call.h"
#include "hotline/net/connect.h"

namespace hotline::cli {
namespace {

std::unique_ptr<MessageSource> make_source(const CallOptions& options,
                                           const CommonOptions& common) {
  if (!options.messages.empty()) return std::make_unique<ArgumentMessages>(options.messages);
  return LineReader::on_standard_input(Home(common.home));
}

/// An empty message is one among datagrams; among the bytes of a stream it is nothing.
Result<void> check_messages(const Endpoint& endpoint, const CallOptions& options) {
  if (is_datagram(endpoint.transport()) || std::ranges::count(options.messages, "") == 0) return {};
  return fail(make_error(ErrorKind::invalid_argument, "send to", endpoint.format_without_options(),
                         "a message is empty, and a stream has no empty messages",
                         "leave it out; only datagrams (udp, unixgram) may be empty"));
}

Result<Stream> open_stream(const CallOptions& options) {
  ConnectOptions connecting;
  connecting.timeout = options.timeout;
  connecting.stream.timeouts = {kNoTimeout, kNoTimeout, options.timeout};
  return connect(options.endpoint, connecting);
}

Result<DatagramSocket> open_datagrams(const Endpoint& endpoint, const CallOptions& options) {
  OptionTaker taker(endpoint);
  auto socket = SocketOptions::take_from(taker);
  if (!socket) return fail(std::move(socket.error()));
  if (auto finished = taker.finish(); !finished) return fail(std::move(finished.error()));
  DatagramOptions opening;
  opening.socket = *socket;
  opening.connect_timeout = options.timeout;
  opening.send_timeout = options.timeout;
  return connect_datagrams(endpoint, opening);
}

ExitStatus finish(const Result<void>& conversed, const ReplyPrinter& printer,
                  const MessageSource& source, OutputForm form) {
  if (printer.failure() != 0) return report_output_failure(printer.failure(), form);
  if (conversed && source.failure() != 0) {
    return report_error(system_error(source.failure(), "read", "standard input"),
                        ExitStatus::failed, form);
  }
  if (conversed) return ExitStatus::ok;
  // Of a datagram's peer only its first reply tells whether it is there.
  const bool is_absent = conversed.error().kind == ErrorKind::refused;
  return report_error(conversed.error(), is_absent ? ExitStatus::unreachable : ExitStatus::failed,
                      form);
}

ExitStatus call_stream(const CallOptions& options, const CommonOptions& common) {
  auto stream = open_stream(options);
  if (!stream)
    return report_error(stream.error(), status_of_connect(stream.error()), common.output);
  ReplyPrinter printer(common.output);
  StreamCall call(std::move(*stream), options, printer);
  const auto source = make_source(options, common);
  const auto conversed = call.converse(*source);
  if (call.was_cut_short()) report_note(options.endpoint + " hung up", common.output);
  return finish(conversed, printer, *source, common.output);
}

ExitStatus call_datagrams(const Endpoint& endpoint, const CallOptions& options,
                          const CommonOptions& common) {
  auto socket = open_datagrams(endpoint, options);
  if (!socket)
    return report_error(socket.error(), status_of_connect(socket.error()), common.output);
  ReplyPrinter printer(common.output);
  DatagramCall call(std::move(*socket), options, printer);
  const auto source = make_source(options, common);
  return finish(call.converse(*source), printer, *source, common.output);
}

}  // namespace

ExitStatus call_command(const CallOptions& options, const CommonOptions& common) {
  const auto endpoint = Endpoint::parse(options.endpoint);
  if (!endpoint) return report_error(endpoint.error(), ExitStatus::usage, common.output);
  if (auto checked = check_messages(*endpoint, options); !checked) {
    return report_error(checked.error(), ExitStatus::usage, common.output);
  }
  if (is_datagram(endpoint->transport())) return call_datagrams(*endpoint, options, common);
  return call_stream(options, common);
}

}  // namespace hotline::cli
