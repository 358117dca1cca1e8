#include "cli/client_call.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/call_end.h"
#include "cli/datagram_call.h"
#include "cli/framed_call.h"
#include "cli/key_trust.h"
#include "cli/line_reader.h"
#include "cli/refusal_hint.h"
#include "cli/reply_printer.h"
#include "cli/report.h"
#include "cli/stream_call.h"
#include "cli/stream_target.h"

namespace hotline::cli {
namespace {

std::unique_ptr<MessageSource> make_source(const CallOptions& options,
                                           const CommonOptions& common) {
  if (!options.messages.empty()) return std::make_unique<ArgumentMessages>(options.messages);
  return LineReader::on_standard_input(Home(common.home), options.lines);
}

ReplyPrinter make_printer(const CallOptions& options, const CommonOptions& common) {
  return ReplyPrinter(common.output, controls_for_output(options.controls), options.error_prefix);
}

/// Checks the messages of the command line before any is sent. An empty message is valid as a
/// datagram or frame; on a stream without framing it has no bytes.
Result<void> check_messages(const Endpoint& endpoint, const Framing& framing,
                            const CallOptions& options) {
  if (framing.has_boundaries()) {
    for (const std::string& message : options.messages) {
      const auto envelope = encode_for(endpoint, framing, as_bytes(message));
      if (!envelope) return fail(envelope.error());
    }
    return {};
  }
  if (std::ranges::count(options.messages, "") == 0) return {};
  return fail(make_error(ErrorKind::invalid_argument, "send to", endpoint.to_string(),
                         "a message is empty, and a stream has no empty messages",
                         "leave it out; datagrams (udp, unixgram) may be empty, and messages in a "
                         "framing, as in ?framing=u32be"));
}

Result<Stream> open_stream(const StreamTarget& form, const CallOptions& options,
                           const CommonOptions& common) {
  ConnectOptions connecting;
  connecting.tls = client_trust(common.home);
  connecting.timeout = options.timeout;
  connecting.stream.timeouts = {kNoTimeout, kNoTimeout, options.timeout};
  return form.open(std::move(connecting));
}

Result<DatagramSocket> open_datagrams(const CallOptions& options) {
  DatagramOptions opening;
  opening.connect_timeout = options.timeout;
  opening.send_timeout = options.timeout;
  return connect_datagrams(options.endpoint, opening);
}

template <typename Call>
ExitStatus hold(Call call, const ReplyPrinter& printer, const CallOptions& options,
                const CommonOptions& common) {
  const auto source = make_source(options, common);
  auto conversed = call.converse(*source);
  if (!call.has_reply()) conversed = with_refusal_hint(std::move(conversed), options.endpoint);
  if (call.was_cut_short()) report_note(options.endpoint + " hung up", common.output);
  return report_call_end(conversed, printer, *source, common.output);
}

ExitStatus call_stream(const CallOptions& options, const CommonOptions& common) {
  const auto form = StreamTarget::parse(options.endpoint);
  if (!form) return report_error(form.error(), ExitStatus::usage, common.output);
  if (auto checked = check_messages(form->target.endpoint, form->framing, options); !checked) {
    return report_error(checked.error(), ExitStatus::usage, common.output);
  }
  auto stream = open_stream(*form, options, common);
  if (!stream)
    return report_error(stream.error(), status_of_connect(stream.error()), common.output);
  ReplyPrinter printer = make_printer(options, common);
  if (!form->framing.has_boundaries()) {
    return hold(StreamCall(std::move(*stream), options, printer), printer, options, common);
  }
  return hold(FramedCall(FrameStream(std::move(*stream), form->framing), options, printer), printer,
              options, common);
}

ExitStatus call_datagrams(const CallOptions& options, const CommonOptions& common) {
  auto socket = open_datagrams(options);
  if (!socket)
    return report_error(socket.error(), status_of_connect(socket.error()), common.output);
  ReplyPrinter printer = make_printer(options, common);
  DatagramCall call(std::move(*socket), options, printer);
  const auto source = make_source(options, common);
  return report_call_end(call.converse(*source), printer, *source, common.output);
}

}  // namespace

ExitStatus hold_call(const CallOptions& options, const CommonOptions& common) {
  const auto endpoint = Endpoint::parse(options.endpoint);
  if (!endpoint) return report_error(endpoint.error(), ExitStatus::usage, common.output);
  if (is_datagram(endpoint->transport())) return call_datagrams(options, common);
  return call_stream(options, common);
}

}  // namespace hotline::cli
