#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/session/session_codes.h"
#include "hotline/session/session_event.h"
#include "hotline/session/session_protocol.h"

// Outside of what is exported.
namespace hotline::session {
class Driver;
struct StreamRecord;
}  // namespace hotline::session

namespace hotline HOTLINE_PUBLIC {

/// A message that has arrived on a stream of a session. Untrusted.
struct ReceivedMessage {
  std::uint8_t type = kFirstMessageType;
  std::uint8_t flags = 0;
  std::string payload{};
};

/// How a flow has ended.
struct FlowEnd {
  std::uint64_t total = 0;  ///< How many bytes it had.
  std::string trailer{};    ///< Untrusted.
};

/// Why the peer has ended a stream early.
struct StreamReset {
  ResetCode code = ResetCode::not_needed;
  std::string text{};  ///< Untrusted.
};

/// One stream of a Session: flows of bytes, numbered as SessionFlows says, and messages. Each flow
/// has credit of its own, so that one that is not read does not stop another.
///
/// Any thread may call any function; each flow, and the messages, have one reader and one writer at
/// a time. The destructor resets the stream if it is not closed. Valid beyond its Session; the
/// calls then fail. Move only.
class SessionStream {
 public:
  SessionStream(SessionStream&&) noexcept;
  SessionStream& operator=(SessionStream&&) noexcept;
  ~SessionStream();

  SessionStreamId id() const;
  SessionFlows flows() const;

  /// Returns the request with which the stream was opened: of the peer, empty for a stream that
  /// this end has opened. Valid as long as this object. Untrusted.
  Bytes request() const;

  // The following fail with `reset` if the peer has reset the stream (reset_by_peer() says why),
  // with `closed` if this end has, with `invalid_argument` for a flow or message that this end may
  // not send or read, and with the reason for which the session has ended. What arrived before that
  // can still be read. Where they wait, they fail with `timed_out` at `deadline` and with
  // `cancelled`. A drain does not end these waits.

  /// Accepts a stream that the peer has opened. Waits for room to send.
  Result<void> accept(Bytes answer = {}, Deadline deadline = Deadline::never());

  /// Waits until the peer has accepted the stream, and returns its answer. Valid as long as this
  /// object. Untrusted.
  Result<Bytes> answer(Deadline deadline = Deadline::never());

  /// Sends bytes of a flow. Waits for credit, and for room to send. Returns when they are sent, or
  /// the session has a copy of them. After a failure a part of them may have been sent.
  Result<void> write(std::uint8_t flow, Bytes bytes, Deadline deadline = Deadline::never());

  /// Waits until bytes of a flow can be sent. Returns how many the credit allows, at least one.
  Result<std::size_t> wait_credit(std::uint8_t flow, Deadline deadline = Deadline::never());

  /// Ends a flow of this end, with a trailer of at most kTrailerMax bytes. Never waits.
  Result<void> end(std::uint8_t flow, Bytes trailer = {});

  /// Ends the messages of this end. It is the last thing that this end sends on the stream: all its
  /// flows must have ended. Never waits.
  Result<void> end_messages() { return end(kMessageFlow); }

  /// Returns bytes of a flow that have arrived, at least one, after waiting for them; an empty
  /// view once the flow has ended, with flow_end(). Valid until the next read() of the flow, or
  /// wait_any(), which also gives the peer credit for them.
  Result<Bytes> read(std::uint8_t flow, Deadline deadline = Deadline::never());

  /// Returns how a flow of the peer, or with kMessageFlow its messages, has ended; nullopt if it
  /// has not. Some of it may not have been read yet.
  std::optional<FlowEnd> flow_end(std::uint8_t flow) const;

  /// Sends a message. Waits for credit, and for room to send. Also fails with `too_large`.
  Result<void> send(const SessionMessage& message, Deadline deadline = Deadline::never());

  /// Returns the next message after waiting for it. Fails with `closed` if the peer has ended its
  /// messages.
  Result<ReceivedMessage> receive(Deadline deadline = Deadline::never());

  /// Waits until read() of some flow, or with kMessageFlow receive(), would not wait, and returns
  /// that flow: the one for which something came first. Flows whose end was read are left out.
  /// Fails with `closed` if nothing can follow on any.
  Result<std::uint8_t> wait_any(Deadline deadline = Deadline::never());

  /// Waits until the peer has reset the stream, or the session has ended, and returns that as the
  /// error with which the other functions fail.
  Result<void> wait_cut(Deadline deadline = Deadline::never());

  /// Ends the stream at once in both directions. Does nothing if it is closed. Never waits.
  void reset(ResetCode code, std::string_view text = {});

  /// Returns why the peer has reset the stream; nullopt if it has not.
  std::optional<StreamReset> reset_by_peer() const;

  /// Returns true if both ends are done with the stream.
  bool is_closed() const;

 private:
  friend class Session;
  SessionStream(std::shared_ptr<session::Driver> driver, SessionStreamId id);
  void reset_once(ResetCode code, std::string_view text);
  void drop();

  std::shared_ptr<session::Driver> driver_;
  SessionStreamId id_ = 0;
  session::StreamRecord* record_ = nullptr;  ///< Belongs to driver_, until drop().
};

}  // namespace hotline
