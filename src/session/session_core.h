#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/session/session_event.h"
#include "hotline/session/session_options.h"
#include "session/frame.h"
#include "session/heartbeat.h"
#include "session/stream_table.h"

namespace hotline::session {

/// What both directions of one end share: its streams, its queue and how it ends.
class SessionCore {
 public:
  /// Queues HELLO.
  SessionCore(SessionRole role, SessionOptions wanted, Instant now);

  SessionOptions options;
  Heartbeat heartbeat;
  StreamTable streams;
  std::string output;           ///< Whole frames that are to be sent.
  std::optional<Hello> peer{};  ///< From its HELLO, without the name.
  std::optional<SessionFailure> failure{};
  std::vector<SessionStreamId> refused{};  ///< Streams that the peer did not serve, last one first.
  bool is_goodbye_received = false;

  bool is_goodbye_sent() const { return is_goodbye_sent_; }
  bool is_finished() const;

  /// Returns true if frames of that stream of the peer have no effect, because of GOODBYE.
  bool is_beyond_goodbye(SessionStreamId stream) const;

  StreamLimits own_limits() const;
  StreamLimits peer_limits() const;

  /// Queues the PONG; false if the last one has not been taken.
  bool answer_ping(std::uint64_t value);

  void say_goodbye();

  /// Ends the session; the peer is notified with GOODBYE.
  void fail_with_goodbye(SessionFailure::Cause cause, SessionCode code, std::string_view text);

  /// Ends the session; nothing more is sent.
  void fail_silently(SessionFailure::Cause cause, SessionCode code, std::string_view text);

  /// Notes that the last frame of this end on `stream` is queued: RESET, or END of its messages.
  void note_closing(StreamState& stream) { stream.closing_turn = turn_; }

  /// Removes a stream. If the last frame of this end was not taken since note_closing(), the peer
  /// cannot know that the place is free.
  void close(SessionStreamId id);

  /// Returns how many streams the peer may have now.
  std::size_t peer_places() const { return options.streams_max - places_not_known_; }

  void grant(SessionStreamId id, std::uint8_t flow, std::uint32_t bytes);

  /// Notes that credit that was granted before may be sent now.
  void note_granted(SessionStreamId id, StreamState& stream);

  void take_output(std::string& out);
  bool has_output() const { return !output.empty() || !granted_.empty(); }

 private:
  void end(SessionFailure failed);
  void append_granted();

  std::vector<SessionStreamId> granted_;  ///< Streams with credit that was not sent yet.
  std::uint64_t turn_ = 1;                ///< Counts take_output().
  std::size_t places_not_known_ = 0;      ///< The peer's streams that were closed in this turn.
  bool is_pong_queued_ = false;
  bool is_goodbye_sent_ = false;
  SessionStreamId last_stream_ = 0;  ///< That GOODBYE named.
};

}  // namespace hotline::session
