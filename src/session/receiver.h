#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/session/session_event.h"
#include "session/frame_reader.h"
#include "session/session_core.h"

namespace hotline::session {

/// The receiving direction of one end: the peer's bytes to events.
class Receiver {
 public:
  /// `core` must outlive this object.
  explicit Receiver(SessionCore& core) : core_(core) {}

  SessionEvent next(Bytes& input, Instant now);
  SessionEvent end();

 private:
  /// How the payload of the current frame is taken.
  enum class Mode : std::uint8_t { header, whole, data_prefix, data, skip };

  /// One step: an event, or its Kind::none; `is_over` if it needs more bytes.
  struct Step {
    bool is_over = false;
    SessionEvent event{};
  };
  template <typename T>
  using Checked = std::expected<T, SessionFault>;

  Checked<Step> step(Bytes& input);
  Checked<Step> take_header(Bytes& input);
  Checked<Step> take_whole(Bytes& input);
  Checked<Step> take_prefix(Bytes& input);
  Step take_data(Bytes& input);
  Step skip(Bytes& input);

  Checked<Mode> begin_frame();
  Checked<Verdict> verdict() const;
  Checked<Verdict> verdict_on_stream() const;
  Checked<Mode> begin_unknown_message(Verdict found);

  Checked<SessionEvent> process(Bytes payload);
  Checked<SessionEvent> process_on_stream(Bytes payload, Verdict found);
  Checked<SessionEvent> on_hello(Bytes payload);
  Checked<SessionEvent> on_goodbye(Bytes payload);
  Checked<SessionEvent> on_ping(Bytes payload);
  Checked<SessionEvent> on_pong(Bytes payload);
  Checked<SessionEvent> on_open(Bytes payload);
  Checked<SessionEvent> on_accept(StreamState& stream, Bytes answer);
  Checked<SessionEvent> on_message(StreamState& stream, Bytes payload);
  Checked<SessionEvent> on_end(StreamState& stream, Bytes payload);
  Checked<SessionEvent> on_credit(StreamState& stream, Bytes payload);
  SessionEvent on_reset(StreamState& stream, Bytes payload);

  SessionEvent event(SessionEvent::Kind kind) const;
  SessionEvent next_refused();

  SessionCore& core_;
  FrameReader reader_;
  Mode mode_ = Mode::header;
  FrameHeader header_{};
  DataPrefix data_{};  ///< Where the next bytes of the DATA belong that arrives.
};

}  // namespace hotline::session
