#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/identity.h"
#include "hotline/net/peer_credentials.h"
#include "hotline/net/stream_layer.h"
#include "hotline/net/traffic_tap.h"

// Outside of what is exported.
namespace hotline::net {
class StreamAccess;
}  // namespace hotline::net

namespace hotline HOTLINE_PUBLIC {

class DiskFile;

/// How long the waits of a stream may last. Each is a deadline on one wait, not on the whole call.
/// Only bytes of the program end a wait to receive: a record of TLS without data does not.
struct StreamTimeouts {
  Duration first_byte = std::chrono::seconds(30);  ///< The wait for the first bytes of the call.
  Duration idle = std::chrono::minutes(10);        ///< The wait for any later bytes.
  Duration write = std::chrono::seconds(30);  ///< The wait until the peer has taken 256 KiB more.
  /// For framed calls of a server: the time in which the peer must send 256 KiB more of a message
  /// that it has begun.
  Duration message = std::chrono::seconds(60);
};

/// How a stream ends that is destroyed without close() or abort().
enum class WhenDropped : bool {
  close,  ///< The peer sees an orderly end.
  abort,  ///< The peer sees a reset.
};

/// The options of a stream, besides its socket.
struct StreamOptions {
  StreamTimeouts timeouts{};
  /// The most bytes that one receive returns. Default: the size of the engine's buffer.
  std::optional<std::size_t> receive_max{};
  TrafficTap* tap = nullptr;  ///< Outlives the stream.
};

/// Ordered bytes in both directions: TCP, UNIX or TLS. A stream has no messages: what one side
/// writes at once may arrive in pieces at the other, or together with more.
///
/// Every call that waits suspends the fiber; on a thread without a loop it blocks. One fiber may
/// read while another writes, but no more than one of each. Move only. The destructor closes the
/// stream. After the peer has closed or reset, every further receive reports that again; after
/// `timed_out` and `draining`, receiving may go on. After a failed read, writes still work, except
/// after `reset`, `unresponsive` and `cancelled`. end_reason() returns the first failure.
///
/// A reply that was cut off must not look complete. Therefore a stream ends with a reset, however
/// it is closed, in three cases: a write on it has failed (a later write that succeeds does not
/// change that), the last write is still in progress, or the last write took fewer bytes than it
/// was given. UNIX sockets have no reset: there the peer receives what was sent, and then an
/// ordinary end. It can notice that something is missing only if a framing or a length says how
/// much was to come.
class Stream {
 public:
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Returns a stream over `socket`, a TCP or UNIX socket that is already connected, such as one of
  /// a socketpair(2) or an inherited connection. The stream owns the socket and does not change its
  /// blocking mode; peer() is what getpeername(2) returns. No other part of the program may read or
  /// write the socket after that. Fails with `invalid_argument` if it is not a stream socket or is
  /// not connected, and with `unsupported` if it is neither TCP nor UNIX; the socket is closed
  /// then. For a pipe or a terminal use PipeReader and PipeWriter.
  static Result<Stream> adopt(UniqueFd socket, const StreamOptions& options = {});

  /// Returns the bytes that arrive next, at least one. They are a lease: writable memory of the
  /// engine, valid until the next receive or read on this stream, or its end. An idle stream holds
  /// no memory. Fails with `closed` after the peer has closed, and with `reset`, `unresponsive`
  /// (the kernel has given up on the peer), `timed_out`, `cancelled` or `draining`.
  Result<MutableBytes> receive();

  /// Same as above, but waits no longer than until `deadline`. Returns an empty lease if nothing
  /// has arrived by then; that is not a failure, and the stream can still be used. Fails with
  /// `timed_out` only if a timeout of the stream or a DeadlineScope passes before `deadline`. Each
  /// call restarts the timeouts of the stream.
  Result<MutableBytes> receive(Deadline deadline);

  /// Same as above, without waiting.
  Result<MutableBytes> receive_now();

  /// Reads the bytes that have arrived, at least one, into `into`, which must not be empty. Waits
  /// no longer than until `deadline`, and returns 0 if nothing has arrived by then. Fails as
  /// receive(deadline) does.
  Result<std::size_t> read_some(MutableBytes into, Deadline deadline = Deadline::never());

  /// Fills `into`. Fails with `truncated` if the peer closes in the middle, and otherwise as
  /// receive() does. Later bytes are left for the next read.
  Result<void> read_exact(MutableBytes into);

  /// Waits until it can write at least one byte, then writes as many of `bytes` as possible without
  /// waiting again. Returns how many. Over TLS, or another layer, it writes at most 16 KiB, and
  /// waits until the socket has taken all of them. The next write must write the rest, if there is
  /// any. Fails
  /// with `reset` if the peer has gone, with `unresponsive`, with `timed_out` if it does not read,
  /// and with `cancelled`. After a failure the stream ends with a reset.
  Result<std::size_t> write_some(Bytes bytes);

  /// Writes all of `bytes`. Fails as write_some() does; it is then unknown how many were sent.
  Result<void> write_all(Bytes bytes);

  /// Writes all of `pieces` in order, without copying them together.
  Result<void> write_all(std::span<const Bytes> pieces);

  /// Writes as many bytes of `pieces`, in order, as possible without waiting. Returns how many,
  /// which may be 0. If it was only a part, the next write must write the rest. Over TLS up to 16
  /// KiB of them may still have to be sent: the next write, or shut_down_writes(), does that first.
  std::size_t write_now(std::span<const Bytes> pieces);

  /// Writes `size` bytes of `file`, from `offset` on, after all that was written before. Where the
  /// kernel can do it, the bytes do not pass through this program: sendfile(2), over TCP and UNIX
  /// sockets without a layer and without a tap. Otherwise, or if a part has to come from the disk,
  /// it reads and writes up to 64 KiB at a time. It reads as DiskFile::read_at() does: on a loop
  /// other fibers run in the meantime. The write timeout applies to each 256 KiB that the peer
  /// takes, without the time of these reads.
  ///
  /// Fails as write_some() does; as DiskFile::read_at() does if the file cannot be read; and with
  /// `truncated` if it ends before `size` bytes, also if it becomes shorter before its last part
  /// was handed to the kernel. The error then names the file. After each of these failures the
  /// stream ends with a reset, because what was sent must not look complete.
  ///
  /// `file` must be open until this returns. sendfile(2) hands over the memory that the kernel
  /// keeps of the file, and not a copy. So bytes that another program changes before the peer has
  /// read them may arrive in either form, and zeros may arrive for bytes that it cuts off, even
  /// after this has returned with success: replace a file by renaming a new one over it.
  Result<void> send_file(DiskFile& file, std::uint64_t offset, std::uint64_t size);

  /// Ends the writes: the peer reads an end after what was written, and reading goes on (a
  /// half-close). Fails with `truncated` after a write that was cut off; the peer then reads no
  /// end.
  Result<void> shut_down_writes();

  /// Closes the stream in order: bytes that were written are still sent. There are two exceptions:
  /// the kernel resets the connection if bytes of the peer are unread, and close() resets it after
  /// a write that was cut off. close() does not wait: over TLS, the end of the writes, and what
  /// write_now() could not send at once, are lost if the socket does not take them, and the peer
  /// sees `truncated`; call shut_down_writes() first where that matters. A wait of another fiber on
  /// the stream fails with `cancelled`; but a stream must not be destroyed while a fiber waits on
  /// it. Idempotent.
  void close();

  /// Resets the connection: the peer sees a reset, and bytes that were not sent yet are dropped. A
  /// fiber that waits on the stream gets `cancelled`. Idempotent.
  void abort();

  /// Returns the first error of a read or write on this stream, or nullopt if none has failed. A
  /// later error replaces `draining`. Allocates.
  std::optional<Error> end_reason() const;

  /// Returns true if end_reason() is an error of `kind`.
  bool ended_with(ErrorKind kind) const;

  /// Sets what the peer sees if the stream is destroyed without close() or abort(), or if the
  /// program ends. Has an effect on TCP only; other streams always close. After a failed write it
  /// stays WhenDropped::abort.
  void when_dropped(WhenDropped wanted);

  /// Returns false if it was moved from.
  explicit operator bool() const { return state_ != nullptr; }

  /// Returns true if neither close() nor abort() has been called.
  bool is_open() const;

  const Endpoint& peer() const;
  Endpoint local() const;

  /// Returns the credentials of the peer of a UNIX stream; fails with `unsupported` on others.
  Result<PeerCredentials> peer_credentials() const;

  /// Puts `layer`, which is not null, between the program and the socket. Bytes that have arrived
  /// and were not read go to the layer. The opening exchange of the layer takes place in
  /// handshake(), or in the first receive or write. A stream has one layer at most: fails with
  /// `unsupported` if it has one, as every stream of `tls://` does.
  Result<void> add_layer(std::unique_ptr<StreamLayer> layer);

  /// Completes the opening exchange of the layer, such as the handshake of TLS. Returns at once if
  /// there is no layer, or if it is complete. Required before two fibers use the stream. Fails as
  /// receive() and write_some() do, and as the layer does.
  Result<void> handshake();

  /// Returns the peer that the layer has authenticated in the handshake; nullopt if none.
  std::optional<Identity> identity() const;

  /// Returns bytes that only the two ends of this connection know, to bind a proof to it (RFC 9266,
  /// tls-exporter); nullopt without TLS.
  std::optional<Secret> channel_binding() const;

  /// Returns true if no third party can read or change the bytes: TLS.
  bool is_protected() const;

  /// Returns true if receive() would return, or fail, without reading from the socket.
  bool has_unread() const;

  /// Detaches the stream from its loop. Required before a stream that was used on a loop is used or
  /// destroyed on another thread.
  void leave_loop();

  /// Returns the descriptor, for features that this library does not offer, or -1 after close. The
  /// stream keeps the descriptor.
  int descriptor() const;

  /// Replaces all timeouts: a member that is left out gets its default.
  void set_timeouts(const StreamTimeouts& timeouts);

 private:
  friend class net::StreamAccess;
  struct State;
  explicit Stream(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
