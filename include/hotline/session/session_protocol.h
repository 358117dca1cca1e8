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
#include "hotline/session/session_options.h"

namespace hotline HOTLINE_PUBLIC {

/// A message of the protocol above a session.
struct SessionMessage {
  std::uint8_t type = kFirstMessageType;
  std::uint8_t flags = 0;    ///< Seven bits, defined by that protocol.
  bool is_critical = false;  ///< A peer that does not have the type ends the session.
  Bytes payload{};
};

/// One end of a session: many streams on one connection, each with flows of bytes and messages.
/// docs/wire/session.md is the format. It does no I/O and reads no clock: the caller passes on the
/// bytes that arrive, and sends those that take_output() returns.
///
///     SessionProtocol session(SessionRole::client, options, now());
///     ...                                       // write what take_output() returns, now and later
///     while (event = session.receive(input, now()), event.kind != SessionEvent::Kind::none) ...
///
/// What a peer can make it keep is bounded: its streams by SessionOptions::streams_max, one frame
/// other than DATA by frame_max, answers by the number of streams. DATA is delivered in the pieces
/// in which it arrives, and is kept neither before delivery nor before it is sent.
///
/// Not for use by two threads at once. Move only. Throws std::bad_alloc.
class SessionProtocol {
 public:
  /// Begins a session at `now`; its HELLO can be taken at once. `options` must pass its check().
  SessionProtocol(SessionRole role, SessionOptions options, Instant now);
  SessionProtocol(SessionProtocol&&) noexcept;
  SessionProtocol& operator=(SessionProtocol&&) noexcept;
  ~SessionProtocol();

  /// Removes bytes that arrived at `now` from the front of `input`, and returns the next event.
  /// Returns Kind::none if more bytes are needed; `input` is empty then. After `failed` it drops
  /// all bytes.
  SessionEvent receive(Bytes& input, Instant now);

  /// Notes that the connection has ended, and that no byte is left. Returns `failed` if the session
  /// was not finished, and otherwise Kind::none.
  SessionEvent receive_end();

  /// Returns when on_time() has something to do.
  Deadline next_deadline() const;

  /// Sends a PING, or ends the session, if it is time to. Returns `failed` in that case, and
  /// otherwise Kind::none.
  SessionEvent on_time(Instant now);

  /// Appends the bytes that are to be sent next to `out`. Without a copy if `out` is empty.
  void take_output(std::string& out);

  /// Returns true if take_output() has something.
  bool has_output() const;

  /// Returns how many bytes are queued for take_output(), without CREDIT.
  std::size_t output_size() const;

  /// Opens a stream. Returns nullopt if it is not possible now: before `ready`, with as many
  /// streams as the peer allows, or with too much unsent. Fails with `draining` after a GOODBYE or
  /// when all ids are used, with `too_large` if the request is longer than the peer's limit, with
  /// `invalid_argument` if the peer does not allow so many flows, and as failure() says.
  Result<std::optional<SessionStreamId>> open(SessionFlows flows, Bytes request);

  // The following fail with `reset` if the peer has reset the stream, with `closed` if it is not
  // open (any more) here, with `invalid_argument` for what this end may not send, and as failure()
  // says.

  /// Accepts a stream that the peer has opened. Returns false if it is not possible now, because of
  /// the credit or with too much unsent. Also fails with `too_large`.
  Result<bool> accept(SessionStreamId stream, Bytes answer);

  /// Sends a message. Returns false if it is not possible now. Also fails with `too_large`.
  Result<bool> send(SessionStreamId stream, const SessionMessage& message);

  /// Begins to send up to `size` bytes of a flow. Returns for how many of them there is credit;
  /// `out` is changed only if that is not 0. Then take_output(out) was called, and the header of
  /// the DATA is at its end: send `out`, and right after it exactly that many bytes of the flow.
  Result<std::size_t> begin_data(SessionStreamId stream, std::uint8_t flow, std::size_t size,
                                 std::string& out);

  /// Ends a flow of this end, with a trailer of at most kTrailerMax bytes. kMessageFlow ends the
  /// messages: it comes last, after all flows of this end, and has no trailer.
  Result<void> end(SessionStreamId stream, std::uint8_t flow, Bytes trailer = {});

  /// Ends a stream at once, or answers the peer's reset. Nothing more is delivered for it. Does
  /// nothing if it is closed, or this end has reset it. A text is cut to kSessionTextMax.
  void reset(SessionStreamId stream, ResetCode code, std::string_view text = {});

  /// Gives the peer credit for `bytes` more of one of its flows, or of its messages. Never more
  /// than kCreditMax unused in all. Does nothing if the stream is closed or the flow has ended.
  void grant(SessionStreamId stream, std::uint8_t flow, std::uint32_t bytes);

  /// Begins to drain: no streams are opened by either end, those that are open finish. Idempotent.
  void say_goodbye();

  /// Ends the session at once, with a code other than `drain`. Does nothing if it has ended.
  void break_off(SessionCode code, std::string_view text);

  /// Returns how many bytes of a flow, or of messages, this end may send; 0 if none.
  std::uint64_t credit(SessionStreamId stream, std::uint8_t flow) const;

  /// Returns true until the stream is closed at this end.
  bool has(SessionStreamId stream) const;

  /// Returns how many streams are not closed, and how many of them this end has opened.
  std::size_t stream_count() const;
  std::size_t opened_count() const;

  bool is_ready() const;
  bool is_draining() const;  ///< A GOODBYE was sent or received.

  /// Returns true if both ends have said GOODBYE and no stream is left: send what take_output()
  /// returns, and end the writes on the connection.
  bool is_finished() const;

  /// Returns why the session has ended; nullopt if it has not, or ended in order.
  const std::optional<SessionFailure>& failure() const;

  /// Returns the time between the last PING and its PONG; nullopt if there was none.
  std::optional<Duration> round_trip() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline
