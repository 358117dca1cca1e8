#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "hotline/session/session_event.h"
#include "hotline/session/session_options.h"
#include "hotline/session/session_stream.h"
#include "session/inflow.h"
#include "session/waiters.h"

namespace hotline::session {

/// A message that has arrived, and what to grant when it is taken.
struct KeptMessage {
  ReceivedMessage message;
  std::uint32_t cost = 0;
  std::uint64_t order = 0;
};

/// What has arrived on one stream of a session and was not read yet. Protected by the mutex of its
/// Driver.
struct StreamRecord {
  /// `is_own`: this end has opened it.
  StreamRecord(SessionFlows flow_counts, bool is_own_stream, const SessionOptions& options);

  /// Returns the flow, or null if the peer does not send it.
  Inflow* inflow(std::uint8_t flow);

  /// Returns the flow, or kMessageFlow, that has something to read and for which it came first;
  /// nullopt if none has.
  std::optional<std::uint8_t> first_readable() const;

  /// Returns true if everything that the peer has sent was read, and nothing can follow.
  bool is_read_out() const;

  std::uint64_t growth() const;

  SessionFlows flows;
  bool is_own;
  std::string opening{};  ///< The peer's request, or answer.
  bool is_answered = false;
  std::array<Inflow, kSessionFlowsMax> inflows{};
  std::deque<KeptMessage> messages{};
  std::uint32_t message_owed = 0;  ///< Credit of messages that were taken, not given yet.
  std::optional<std::uint64_t> message_total{};  ///< Set once the peer has ended its messages.
  bool is_message_end_read = false;
  std::uint64_t message_end_order = 0;
  std::uint64_t arrivals = 0;  ///< Counts what arrives.
  std::optional<StreamReset> reset{};
  bool is_reset_here = false;
  Waiters waiters{};

 private:
  std::uint8_t first_inflow() const;
  std::uint8_t inflow_count() const;
};

}  // namespace hotline::session
