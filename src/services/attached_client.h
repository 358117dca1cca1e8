#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/process.h"
#include "hotline/services/command_exit.h"
#include "hotline/session/session_stream.h"
#include "services/client_message.h"
#include "services/client_rules.h"
#include "services/command_process.h"
#include "services/command_protocol.h"
#include "services/flow_trailer.h"

namespace hotline::services {

/// The stream of a client that is attached to a command, at the server: passes outputs on to it,
/// and takes from it what the rules of the wire allow. One loop.
class AttachedClient final : public OutputSink {
 public:
  /// `stream` must outlive this object.
  AttachedClient(SessionStream& stream, ClientRules::Command rules)
      : stream_(stream), rules_(std::move(rules)) {}

  /// Accepts the stream.
  Result<void> accept(Bytes answer);

  Result<std::size_t> wait_room(OutputStream output) override;
  Result<void> put(OutputStream output, Bytes bytes) override;

  /// Receives what the client sends until it has left or ended: passes each message to `take`. On
  /// a violation, and if there is no memory, it resets the stream. Returns when nothing more can
  /// come: true if the client has ended its messages, false if the stream was cut or reset.
  bool take_messages(const std::function<void(const ClientMessage&)>& take);

  /// Passes the bytes of the input to `write`, and calls `end` at the end of the command's input,
  /// which the end of the flow alone is not. Returns then, or when the stream was cut. On a
  /// violation it resets the stream.
  void take_input(const std::function<void(Bytes)>& write, const std::function<void()>& end);

  /// Returns the digest of the input so far.
  const OutputDigest& input() const { return rules_.input(); }

  /// Waits until the stream is cut or reset, after the client has ended its messages.
  void wait_cut();

  /// Ends both outputs.
  Result<void> send_outputs_end(const OutputTrailer& output, const OutputTrailer& error);

  /// Sends how the command has ended.
  Result<void> send_exit(const CommandExit& exit);

  /// Ends the stream, as end_and_wait() does; checks late messages by the rules. The fibers of
  /// take_messages() and take_input() have ended.
  void finish();

 private:
  bool receive_messages(const std::function<void(const ClientMessage&)>& take);
  void read_input(const std::function<void(Bytes)>& write, const std::function<void()>& end);
  void refuse(const CommandFault& fault);

  SessionStream& stream_;
  ClientRules rules_;
};

}  // namespace hotline::services
