#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hotline/session/session_event.h"
#include "session/frame.h"
#include "session/stream_rules.h"

namespace hotline::session {

/// The bytes of one direction of a stream that have passed, and may pass. For messages: their cost.
struct Flow {
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;    ///< Where the credit ends. Never below `offset`.
  std::uint32_t pending = 0;  ///< Incoming: credit that was granted and not sent yet.
  bool is_ended = false;

  std::uint64_t credit() const { return limit - offset; }
};

/// The limits with which a stream begins.
struct StreamLimits {
  std::uint32_t flow_credit = 0;
  std::uint32_t message_credit = 0;
};

/// One stream of a session: its phase, its flows and its messages.
class StreamState {
 public:
  /// A stream in StreamPhase::opening or StreamPhase::offered. `own` limits what the peer sends,
  /// `peer` what this end sends. `flows` has at most kSessionFlowsMax.
  StreamState(StreamPhase phase, SessionFlows flows, StreamLimits own, StreamLimits peer);

  StreamPhase phase = StreamPhase::unused;
  std::uint64_t closing_turn = 0;  ///< See SessionCore::note_closing().
  bool is_granted = false;         ///< It is in the list of streams with `pending` credit.

  /// Returns a flow, or the messages, that this end sends; null if it does not send that flow.
  Flow* outgoing(std::uint8_t flow);
  const Flow* outgoing(std::uint8_t flow) const;

  /// The same for what the peer sends.
  Flow* incoming(std::uint8_t flow);

  /// Returns true if all flows that this end sends have ended, apart from its messages.
  bool has_ended_flows() const;

  /// Returns true if both ends have ended their messages, and with them everything.
  bool is_complete() const;

  /// Returns the number of messages that this end has sent.
  std::uint64_t messages_sent() const { return messages_sent_; }
  void note_message_sent() { ++messages_sent_; }

  /// Enters the phase after RESET of this end.
  void enter_reset();

  // What the peer sends. Returns why it may not; nullopt if it may.

  std::optional<SessionFault> receive_data(const DataPrefix& prefix, std::uint32_t bytes);

  /// The cost of a request, answer or message of `size` bytes.
  std::optional<SessionFault> receive_cost(std::size_t size);
  std::optional<SessionFault> receive_message(std::size_t size);
  std::optional<SessionFault> receive_end(const End& end);
  std::optional<SessionFault> receive_credit(const Credit& credit);

  /// Adds credit for the peer; false if the flow cannot have any.
  bool grant(std::uint8_t flow, std::uint32_t bytes);

  /// Appends CREDIT for everything that was granted.
  void append_granted(std::string& out, SessionStreamId id);

 private:
  bool is_outgoing(std::uint8_t flow) const;
  bool is_opener() const { return is_opener_; }
  bool has_peer_ended_flows() const;

  bool is_opener_;
  SessionFlows flow_counts_;
  std::array<Flow, kSessionFlowsMax> flows_{};
  Flow messages_out_{};
  Flow messages_in_{};
  std::uint64_t messages_sent_ = 0;
  std::uint64_t messages_received_ = 0;
};

}  // namespace hotline::session
