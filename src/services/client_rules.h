#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "hotline/core/bytes.h"
#include "hotline/services/remote_command.h"
#include "services/client_message.h"
#include "services/command_protocol.h"
#include "services/output_digest.h"

namespace hotline::services {

/// What a client may send on the stream of a command, as the server receives it, by the rules of
/// docs/wire/remote.md. The server passes it what arrives, and resets the stream with the code and
/// text of a fault. No I/O.
class ClientRules {
 public:
  /// What depends on the command.
  struct Command {
    CommandInput input = CommandInput::none;  ///< What the request of this stream says.
    bool has_terminal = false;
    bool is_kept = false;         ///< It goes on when the client leaves.
    OutputDigest input_before{};  ///< What earlier streams have carried of the command's input.
  };

  /// For RUN, SHELL, LOGIN and ATTACH.
  explicit ClientRules(Command command);

  /// Notes that ACCEPT was sent. Messages are allowed from then on.
  void note_accepted() { is_accepted_ = true; }

  /// Notes that EXIT was sent. Messages that the client had sent before it arrived are dropped.
  void note_exited() { has_exited_ = true; }

  /// Takes a message. Returns nullopt for one that comes too late to have an effect.
  std::expected<std::optional<ClientMessage>, CommandFault> take_message(std::uint8_t type,
                                                                         std::uint8_t flags,
                                                                         Bytes payload);

  /// Takes bytes of flow kInputFlow.
  std::expected<void, CommandFault> take_input(Bytes bytes);

  /// Takes the end of that flow. See has_input_ended().
  std::expected<void, CommandFault> take_input_end(std::uint64_t total, Bytes trailer);

  /// Returns the digest of the command's input so far, for ClientRules of a later stream.
  const OutputDigest& input() const;

  /// Returns true if the command's input has ended. The end of the flow alone does not mean that: a
  /// client that sends no input, and one that has sent DETACH, ends just its flow.
  bool has_input_ended() const { return has_input_ended_; }

  /// Returns true after CANCEL or DETACH: the client sends nothing more but the ends.
  bool has_left() const { return has_left_; }

 private:
  Command command_;       ///< Its `input_before` grows with what this stream carries.
  bool is_first_stream_;  ///< All input came on this stream: one digest is enough.
  OutputDigest flow_{};
  bool is_accepted_ = false;
  bool has_exited_ = false;
  bool has_left_ = false;
  bool has_detached_ = false;
  bool has_flow_ended_ = false;
  bool has_input_ended_ = false;
};

}  // namespace hotline::services
