#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "session/receiver.h"
#include "session/sender.h"
#include "session/session_core.h"

// One end of a session whose peer is played by a test, with the frames that it sends.

namespace hotline::test {

inline SessionOptions session_options() {
  SessionOptions options;
  options.protocol = "test/1";
  options.message_types = 4;
  options.frame_max = 2'048;
  options.streams_max = 4;
  options.opened_max = 4;
  options.flows_max = 3;
  options.flow_credit = 100;
  options.message_credit = 4'096;
  return options;
}

/// An event with a copy of its bytes.
struct KeptEvent {
  SessionEvent event{};
  std::string bytes{};
};

class SessionEnd {
 public:
  explicit SessionEnd(SessionRole role, const SessionOptions& options = session_options())
      : core(role, options, now) {}

  const Instant now = Instant{} + std::chrono::hours(1);
  session::SessionCore core;
  session::Receiver receiver{core};
  session::Sender sender{core};

  /// Receives `bytes` at once, and returns the events.
  std::vector<KeptEvent> feed(std::string_view bytes) {
    std::vector<KeptEvent> events;
    Bytes input = as_bytes(bytes);
    for (;;) {
      const SessionEvent event = receiver.next(input, now);
      if (event.kind == SessionEvent::Kind::none) return events;
      events.push_back({event, std::string(as_text(event.bytes))});
    }
  }

  /// Receives the HELLO of a peer that has the same options, and forgets its own.
  void begin() {
    std::string hello;
    take();
    session::append_hello(hello, hello_of(core.options));
    feed(hello);
  }

  /// The result refers to `options`.
  static session::Hello hello_of(SessionOptions&& options) = delete;
  static session::Hello hello_of(const SessionOptions& options) {
    return {.frame_max = options.frame_max,
            .streams_max = options.streams_max,
            .flow_credit = options.flow_credit,
            .message_credit = options.message_credit,
            .flows_max = options.flows_max,
            .protocol = options.protocol};
  }

  /// Returns what is queued.
  std::string take() {
    std::string out;
    core.take_output(out);
    return out;
  }
};

// The frames of the peer.

inline std::string open_frame(SessionStreamId id, SessionFlows flows = {1, 1},
                              std::string_view request = "request") {
  std::string bytes;
  session::append_open(bytes, id, {flows.from_opener, flows.from_accepter, as_bytes(request)});
  return bytes;
}

inline std::string plain_frame(std::uint8_t type, SessionStreamId id, std::string_view payload,
                               std::uint8_t flags = 0) {
  std::string bytes;
  session::append_frame(bytes, {.type = type, .flags = flags, .stream = id}, as_bytes(payload));
  return bytes;
}

inline std::string accept_frame(SessionStreamId id) {
  return plain_frame(static_cast<std::uint8_t>(session::FrameType::accept), id, "answer");
}

inline std::string data_frame(SessionStreamId id, std::uint8_t flow, std::uint64_t offset,
                              std::string_view data) {
  std::string bytes;
  session::append_data_prefix(bytes, id, {flow, offset}, static_cast<std::uint32_t>(data.size()));
  return bytes.append(data);
}

inline std::string end_frame(SessionStreamId id, std::uint8_t flow, std::uint64_t total,
                             std::string_view trailer = {}) {
  std::string bytes;
  session::append_end(bytes, id, {flow, total, as_bytes(trailer)});
  return bytes;
}

inline std::string credit_frame(SessionStreamId id, std::uint8_t flow, std::uint32_t credit) {
  std::string bytes;
  session::append_credit(bytes, id, {flow, credit});
  return bytes;
}

inline std::string reset_frame(SessionStreamId id, ResetCode code = ResetCode::cancelled,
                               std::string_view text = "text") {
  std::string bytes;
  session::append_reset(bytes, id, {code, text});
  return bytes;
}

inline std::string goodbye_frame(SessionStreamId last, SessionCode code = SessionCode::drain,
                                 std::string_view text = {}) {
  std::string bytes;
  session::append_goodbye(bytes, {code, last, text});
  return bytes;
}

inline std::string ping_frame(std::uint64_t value) {
  std::string bytes;
  session::append_ping(bytes, session::FrameType::ping, value);
  return bytes;
}

inline std::string pong_frame(std::uint64_t value) {
  std::string bytes;
  session::append_ping(bytes, session::FrameType::pong, value);
  return bytes;
}

/// A server that has received HELLO.
struct SessionServer : SessionEnd {
  explicit SessionServer(const SessionOptions& options = session_options())
      : SessionEnd(SessionRole::server, options) {
    begin();
  }
};

inline std::optional<SessionCode> failure_of(const SessionEnd& end) {
  if (!end.core.failure) return std::nullopt;
  return end.core.failure->code;
}

/// Returns the kind of the only event of `bytes`; `none` if there is none.
inline SessionEvent::Kind kind_of(SessionEnd& end, std::string_view bytes) {
  const auto events = end.feed(bytes);
  CHECK(events.size() <= 1);
  return events.empty() ? SessionEvent::Kind::none : events.front().event.kind;
}

}  // namespace hotline::test
