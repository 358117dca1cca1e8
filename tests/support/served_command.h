#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/net/stream_layer.h"
#include "hotline/services/command_client.h"
#include "hotline/session/session.h"
#include "services/client_message.h"
#include "services/command_answer.h"
#include "services/command_request.h"
#include "services/exit_message.h"
#include "services/flow_trailer.h"
#include "services/output_digest.h"
#include "support/command_samples.h"
#include "support/cut_layer.h"
#include "support/session_pair.h"

// The other end of a CommandClient: a server of the test, which does what the test says, right or
// wrong.

namespace hotline::test {

/// A client, and the session of its server.
struct CommandPair {
  explicit CommandPair(
      const SessionOptions& server_options = services::command_session_options(SessionRole::server),
      std::unique_ptr<StreamLayer> layer = nullptr)
      : CommandPair(connected_streams(), server_options, std::move(layer)) {}

  CommandClient client;
  Session server;

 private:
  CommandPair(std::pair<Stream, Stream> streams, const SessionOptions& server_options,
              std::unique_ptr<StreamLayer> layer)
      : client(opened(std::move(streams.first), std::move(layer))),
        server(Session::start(std::move(streams.second), SessionRole::server, server_options)
                   .value()) {}

  static CommandClient opened(Stream stream, std::unique_ptr<StreamLayer> layer) {
    if (layer) REQUIRE(stream.add_layer(std::move(layer)));
    return CommandClient::open(std::move(stream)).value();
  }
};

/// A stream that a client has opened, at the server. What it sends may fail, because the client may
/// have left.
class ServedCommand {
 public:
  /// Waits for the next stream.
  explicit ServedCommand(Session& session) : ServedCommand(session.accept().value()) {}

  explicit ServedCommand(SessionStream opened)
      : stream(std::move(opened)),
        request(services::decode_request(stream.request(), stream.flows()).value()) {}

  /// Accepts it. An attached stream begins at the offsets in `answer`.
  void accept(const services::CommandAnswer& answer) {
    discard(stream.accept(as_bytes(services::encode_answer(answer))));
  }

  /// Accepts it in the way that the request asks for.
  void accept() { accept(usual_answer()); }

  services::CommandAnswer usual_answer() const {
    services::CommandAnswer answer{.job = sample_job(), .pid = 4'711};
    const auto* const command = std::get_if<RemoteCommand>(&request);
    if (command != nullptr && command->input == CommandInput::stream) answer.input_offset = 0;
    if (command != nullptr) answer.keep = command->keep;
    return answer;
  }

  void write(std::uint8_t flow, std::string_view text) {
    if (stream.write(flow, as_bytes(text))) note(flow, text);
  }

  /// Notes bytes of an output that earlier streams have carried.
  void note_before(std::uint8_t flow, std::string_view text) { whole_[flow].add(as_bytes(text)); }

  services::OutputTrailer trailer(std::uint8_t flow) const {
    return {.flow = flow_[flow].value(), .whole = whole_[flow].value()};
  }

  void end(std::uint8_t flow, const services::OutputTrailer& trailer) {
    discard(stream.end(flow, as_bytes(services::encode_trailer(trailer))));
  }
  void end(std::uint8_t flow) { end(flow, trailer(flow)); }

  void end_outputs() {
    end(services::kOutputFlow);
    end(services::kErrorFlow);
  }

  void send(services::CommandMessage type, std::string_view payload) {
    discard(stream.send(services::command_message(type, payload)));
  }
  void send_exit(const CommandExit& exit = {.kind = ExitKind::code}) {
    send(services::CommandMessage::exit, services::encode_exit(exit));
  }

  void finish() { discard(stream.end_messages()); }

  /// Does all of it: the answer, the outputs, and the end.
  void serve(std::string_view output, std::string_view error = {},
             const CommandExit& exit = {.kind = ExitKind::code}) {
    accept();
    write(services::kOutputFlow, output);
    write(services::kErrorFlow, error);
    end_with(exit);
  }

  /// Ends the outputs and the stream.
  void end_with(const CommandExit& exit = {.kind = ExitKind::code}) {
    end_outputs();
    send_exit(exit);
    finish();
  }

  /// Returns why the client has reset the stream, after waiting for that.
  ResetCode wait_reset() {
    while (const auto message = stream.receive()) {
    }
    return stream.reset_by_peer().value_or(StreamReset{ResetCode::failed, "no reset"}).code;
  }

  SessionStream stream;
  services::CommandRequest request;

 private:
  void note(std::uint8_t flow, std::string_view text) {
    flow_[flow].add(as_bytes(text));
    whole_[flow].add(as_bytes(text));
  }

  std::array<services::OutputDigest, 3> flow_{};
  std::array<services::OutputDigest, 3> whole_{};
};

/// Runs both at once, on fibers.
inline void at_once(std::move_only_function<void()> one, std::move_only_function<void()> other) {
  TaskGroup both;
  REQUIRE(both.spawn("one", std::move(one)));
  REQUIRE(both.spawn("other", std::move(other)));
  REQUIRE(both.join());
}

/// Returns text that shows a missing or doubled piece.
inline std::string numbered_text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

}  // namespace hotline::test
