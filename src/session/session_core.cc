#include "session/session_core.h"

#include <utility>

#include "session/own_hello.h"

namespace hotline::session {

SessionCore::SessionCore(SessionRole role, SessionOptions wanted, Instant now)
    : options(std::move(wanted)), heartbeat(options, now), streams(role) {
  append_hello(output, own_hello(options));
}

bool SessionCore::is_finished() const {
  return is_goodbye_sent_ && is_goodbye_received && streams.size() == 0 && !failure;
}

bool SessionCore::is_beyond_goodbye(SessionStreamId stream) const {
  return is_goodbye_sent_ && !streams.is_own(stream) && stream > last_stream_;
}

StreamLimits SessionCore::own_limits() const {
  return {options.flow_credit, options.message_credit};
}

StreamLimits SessionCore::peer_limits() const { return {peer->flow_credit, peer->message_credit}; }

bool SessionCore::answer_ping(std::uint64_t value) {
  if (is_pong_queued_) return false;
  is_pong_queued_ = true;
  append_ping(output, FrameType::pong, value);
  return true;
}

void SessionCore::say_goodbye() {
  if (is_goodbye_sent_ || failure) return;
  is_goodbye_sent_ = true;
  last_stream_ = streams.highest_peer();
  append_goodbye(output, {.code = SessionCode::drain, .last_stream = last_stream_, .text = {}});
}

void SessionCore::end(SessionFailure failed) {
  failure = std::move(failed);
  streams.clear();
  granted_.clear();
  refused.clear();
}

void SessionCore::fail_with_goodbye(SessionFailure::Cause cause, SessionCode code,
                                    std::string_view text) {
  if (failure) return;
  append_goodbye(output, {.code = code, .last_stream = 0, .text = text});
  end({.cause = cause, .code = code, .text = std::string(text)});
}

void SessionCore::fail_silently(SessionFailure::Cause cause, SessionCode code,
                                std::string_view text) {
  if (failure) return;
  output.clear();
  end({.cause = cause, .code = code, .text = std::string(text)});
}

void SessionCore::close(SessionStreamId id) {
  const StreamState* const stream = streams.find(id);
  if (!streams.is_own(id) && stream->closing_turn == turn_) ++places_not_known_;
  streams.remove(id);
}

void SessionCore::grant(SessionStreamId id, std::uint8_t flow, std::uint32_t bytes) {
  StreamState* const stream = streams.find(id);
  if (stream != nullptr && stream->grant(flow, bytes)) note_granted(id, *stream);
}

void SessionCore::note_granted(SessionStreamId id, StreamState& stream) {
  if (std::exchange(stream.is_granted, true)) return;
  granted_.push_back(id);
}

void SessionCore::append_granted() {
  for (const SessionStreamId id : granted_) {
    StreamState* const stream = streams.find(id);
    if (stream == nullptr) continue;
    stream->is_granted = false;
    // Before ACCEPT its accepter may not send CREDIT, and no end after RESET.
    const bool may_send =
        stream->phase == StreamPhase::open || stream->phase == StreamPhase::opening;
    if (may_send) stream->append_granted(output, id);
  }
  granted_.clear();
}

void SessionCore::take_output(std::string& out) {
  append_granted();
  is_pong_queued_ = false;
  places_not_known_ = 0;
  ++turn_;
  if (out.empty()) {
    out.swap(output);
  } else {
    out += output;
  }
  output.clear();
}

}  // namespace hotline::session
