#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/peer_credentials.h"
#include "hotline/net/traffic_tap.h"

namespace hotline {

namespace engine {
class Channel;
class ReadWatch;
}  // namespace engine

/// How long the waits of a stream may last. Each is a deadline on one wait, not on the whole call.
struct StreamTimeouts {
  Duration first_byte = std::chrono::seconds(30);  ///< For the first bytes of the call.
  Duration idle = std::chrono::minutes(10);        ///< For any bytes after those.
  Duration write = std::chrono::seconds(30);       ///< For the peer to take each 256 KiB.
  Duration message = std::chrono::seconds(60);  ///< Framed calls of a server: for the peer to send
                                                ///< each 256 KiB of a message that has begun.
};

/// What becomes of a stream that is dropped without close or abort.
enum class WhenDropped : bool {
  close,  ///< The peer sees an orderly end.
  abort,  ///< The peer sees a reset.
};

/// What a stream is made with, besides its socket.
struct StreamOptions {
  StreamTimeouts timeouts;
  std::size_t receive_max = 0;  ///< The most bytes that one receive gives; 0: a whole buffer.
  TrafficTap* tap = nullptr;    ///< Outlives the stream.
};

/// Ordered bytes, both ways: TCP or UNIX. There are no messages in it: what one side writes at once
/// may come in pieces at the other, or together with more.
///
/// Every call that waits suspends the fiber; on a thread without a loop it blocks. One fiber may
/// read while another writes, no more. Move only. Destruction closes. Once the peer has closed or
/// reset, every further receive says so again; after `timed_out` and `draining` receiving may go
/// on. end() keeps the first failure.
///
/// What was cut off must not look whole. A stream ends with a reset, whoever ends it, if a write on
/// it has failed, whatever was written later; also if the last write is still under way, or took
/// fewer bytes than it was given. UNIX sockets have no reset: there the peer receives what was
/// sent, and then an end like any other. Only a framing, or a length, tells it that more was due.
class Stream {
 public:
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Whatever arrives next: at least one byte, in memory of the engine's that may be written to (a
  /// lease), valid until the next receive or read on this stream, or its end. An idle stream holds
  /// no memory. Fails with `closed` when the peer has closed, `reset`, `unresponsive` when the
  /// kernel gave the peer up, `timed_out`, `cancelled`, `draining`.
  Result<MutableBytes> receive();

  /// The same without waiting: an empty lease if nothing has come. Failures are those of receive,
  /// except that what is not there yet is none.
  Result<MutableBytes> receive_now();

  /// Reads what there is, one byte at least, into `into`, which must not be empty. Fails as receive
  /// does.
  Result<std::size_t> read_some(MutableBytes into);

  /// Fills `into`. Fails with `truncated` if the peer closes in the middle, else as receive. What
  /// it does not take is left for the next.
  Result<void> read_exact(MutableBytes into);

  /// Writes at least one byte of `bytes`, as many as go now: how many. The rest, if there is one,
  /// is the next to be written. Fails with `reset` if the peer has gone, `unresponsive`,
  /// `timed_out` if it does not read, `cancelled`. After a failure the stream ends with a reset.
  Result<std::size_t> write_some(Bytes bytes);

  /// Writes all of `bytes`. Fails as write_some does; then it is not known how many went.
  Result<void> write_all(Bytes bytes);

  /// Writes all of `pieces` in their order, without copying them together.
  Result<void> write_all(std::span<const Bytes> pieces);

  /// Writes what goes without waiting, in the order of `pieces`: how many bytes, perhaps none. If
  /// some went and not all, the rest is the next to be written.
  std::size_t write_now(std::span<const Bytes> pieces);

  /// The peer reads an end after what was written; reading goes on (a half-close). Fails with
  /// `truncated` after a write that was cut off, and then the peer reads no end.
  Result<void> shut_down_writes();

  /// Closes in an orderly way: what was written still goes out. If bytes of the peer's are unread,
  /// the kernel resets instead; after a write that was cut off, this does. A fiber that waits on
  /// the stream ends with `cancelled` (destroying the stream under it is not allowed). Idempotent.
  void close();

  /// Breaks off: the peer sees a reset, what was not sent yet is dropped. Idempotent.
  void abort();

  /// How the call ended, once a read or write has failed: kind `none` before. The first failure
  /// stays.
  const Error& end() const;

  /// What the peer sees from now on if the stream is dropped, by its end or the program's. On TCP
  /// only; others are always closed. After a failed write it stays at abort.
  void when_dropped(WhenDropped wanted);

  /// Whether it is a stream still: it was not moved from.
  explicit operator bool() const { return state_ != nullptr; }

  /// Whether close and abort have not been called.
  bool is_open() const;

  const Endpoint& peer() const;
  Endpoint local() const;

  /// Of a UNIX stream; fails with `unsupported` on others.
  Result<PeerCredentials> peer_credentials() const;

  /// Ready to go to another thread: a stream that a loop has waited on must be told before.
  void leave_loop();

  /// The socket's number, for what this library does not do with it; -1 once closed. It stays the
  /// stream's.
  int descriptor() const;

  /// For net: a stream over a connected socket.
  static Stream over(std::unique_ptr<engine::Channel>&& channel, Endpoint peer,
                     StreamOptions options);

  void set_timeouts(const StreamTimeouts& timeouts);

  /// For framing: part of a message was written, and the rest never will be. As after a failed
  /// write.
  void note_cut_off();

  /// For server: ends the lease, and tells `watch`, once, when receive_now is worth trying; nobody
  /// reads meanwhile. On a loop only.
  void watch(engine::ReadWatch& watch);
  void unwatch();

 private:
  struct State;
  explicit Stream(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
