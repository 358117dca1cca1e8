#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "hotline/session/session_codes.h"
#include "hotline/session/session_event.h"
#include "hotline/session/session_options.h"
#include "hotline/session/session_stream.h"

// Outside of what is exported.
namespace hotline::session {
class Driver;
}  // namespace hotline::session

namespace hotline HOTLINE_PUBLIC {

/// One end of a session over a connection: many streams at once, each with flows of bytes and
/// messages. docs/wire/session.md is the format; SessionProtocol is the same without I/O.
///
///     auto session = Session::start(*connect(uri), SessionRole::client, options);
///     auto stream = session->open({.from_opener = 0, .from_accepter = 1}, as_bytes("list"));
///     while (auto bytes = stream->read(0); bytes && !bytes->empty()) use(*bytes);
///     auto ended = session->finish();
///
/// What arrives is received all the time, whether or not it is read, and heartbeats are answered:
/// on a loop by two fibers of the session, on a thread without a loop by a thread of its own.
/// What the peer can make it keep is bounded: see SessionOptions.
///
/// Any thread may call any function, and use the streams. Only start() and the destructor belong
/// together: a session that was started on a loop is destroyed on that loop. Works in simulated
/// worlds. Move only.
class Session {
 public:
  /// Begins a session over `stream`, and owns it. Replaces the timeouts of the stream. Does not
  /// wait for the peer. Fails with `invalid_argument` if `options` do not pass their check(), and
  /// with `resource_exhausted`.
  static Result<Session> start(Stream&& stream, SessionRole role, const SessionOptions& options);

  /// The same over a stream that the caller owns, such as a handler's; it must outlive the session,
  /// and nothing else may use it.
  static Result<Session> start(Stream& stream, SessionRole role, const SessionOptions& options);

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Ends the session without waiting. If streams are open, or frames are still to be sent, the
  /// peer sees a session that was cut off: call finish() first. The streams that are left fail from
  /// then on.
  ~Session();

  // The following that return a Result fail with the reason for which the session has ended, if it
  // has: see failure(). Where they wait, they fail with `timed_out` at `deadline` and with
  // `cancelled`; the session goes on then.

  /// Waits for the peer's HELLO. Not required before other calls.
  Result<void> wait_ready(Deadline deadline = Deadline::never());

  /// Opens a stream. Waits for the peer's HELLO, and while as many streams are open as the peer and
  /// SessionOptions::opened_max allow; does not wait for the peer's answer. Fails with `draining`
  /// after a GOODBYE of either end, with `too_large` if the request is longer than the peer's
  /// limit, and with `invalid_argument` if the peer does not allow so many flows.
  Result<SessionStream> open(SessionFlows flows, Bytes request,
                             Deadline deadline = Deadline::never());

  /// Returns the next stream that the peer has opened. Call SessionStream::accept() or reset() on
  /// it. Fails with `closed` if there is none and none can follow, because of a GOODBYE, and with
  /// `draining` if this fiber is drained while it waits.
  Result<SessionStream> accept(Deadline deadline = Deadline::never());

  /// Sends GOODBYE: neither end opens further streams, and those that are open finish. Never waits;
  /// idempotent.
  void drain();

  /// Drains, then waits until every stream has ended and both ends have ended their writes.
  /// Everything that was sent has arrived then. Streams that are open must be used or dropped by
  /// others. Fails with `truncated` if the peer has not ended the session in order.
  Result<void> finish(Deadline deadline = Deadline::never());

  /// Ends the session at once: the peer gets `code`, other than `drain`, and `text`. Never waits.
  void break_off(SessionCode code, std::string_view text);

  /// Returns why the session has ended other than in order; nullopt if it has not.
  std::optional<Error> failure() const;

  /// Returns how many streams are open.
  std::size_t stream_count() const;

  /// Returns the time that the peer took for its last answer to a heartbeat; nullopt before that.
  std::optional<Duration> round_trip() const;

 private:
  explicit Session(std::shared_ptr<session::Driver> driver);

  std::shared_ptr<session::Driver> driver_;
};

}  // namespace hotline
