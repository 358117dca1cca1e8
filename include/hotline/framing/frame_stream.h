#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/framing/codec.h"
#include "hotline/framing/framing.h"
#include "hotline/net/stream.h"

namespace hotline HOTLINE_PUBLIC {

/// Messages over a stream: each arrives complete, as it was sent, or not at all. Waits, threads and
/// fibers are as with Stream: one reader and one writer at once. With Framing::Kind::ready one
/// fiber does both, because each message waits for its receiver. Move only.
class FrameStream {
 public:
  /// Reads and writes `stream` from now on, and owns it. With Kind::ready the length is taken to be
  /// complete when nothing more of it has arrived for a moment (10 ms).
  FrameStream(Stream&& stream, Framing framing);

  /// The same over a stream that the caller owns, such as a handler's; it must outlive this object.
  /// Bytes beyond the last message that this object has read are lost to other readers, unless
  /// release() gives them back.
  FrameStream(Stream& stream, Framing framing);
  FrameStream(FrameStream&&) noexcept;
  FrameStream& operator=(FrameStream&&) noexcept;
  ~FrameStream();

  /// Reads the next message, which may be empty. The result may be written to, and is valid until
  /// the next read. A message that arrived in one piece stays in the receive buffer; otherwise it
  /// is in memory that grows as bytes arrive and is freed by the next read. Fails with `closed` if
  /// the peer
  /// closed between two messages, with `truncated` if it closed within one, with
  /// `protocol_violation` if the bytes are not a message, with `too_large` if a message is longer
  /// than frame_max, and otherwise as Stream::receive() does. After `protocol_violation` and
  /// `too_large` nothing more can be read, because it is not known where the next message begins,
  /// but messages can still be written: an error message, for example. A DeadlineScope limits the
  /// whole message, in however many pieces it arrives. Messages that have arrived are returned
  /// without a wait, any number of them in a row: on a loop no other fiber runs then.
  Result<MutableBytes> read_frame();

  /// Same as above, but waits until `deadline` at most: returns nullopt if the message is not
  /// complete by then. The stream goes on, and the next read continues the message. Fails with
  /// `timed_out` only if a timeout of the stream or a DeadlineScope ends earlier; each piece that
  /// arrives restarts the timeouts of the stream. With Kind::ready, `deadline` does not limit the
  /// answer to a length.
  Result<std::optional<MutableBytes>> read_frame(Deadline deadline);

  /// Returns true if the next read_frame() will not wait: a whole message, or an error, is
  /// available.
  bool has_frame();

  /// Returns true if bytes have been received that do not belong to a message already read.
  bool has_rest();

  /// Writes one whole message. Fails as encode() does, and then nothing was written; otherwise as
  /// Stream::write_all() does. With Kind::ready it also fails as Stream::receive() does, with
  /// `truncated` if the peer closes, and with `protocol_violation` if it answers something else:
  /// the peer has 30 s to answer, and a drain does not end that wait. After any failure except that
  /// of encode() the stream ends with a reset, see Stream: a message that was cut off never looks
  /// like the last one.
  Result<void> write_frame(Bytes payload);

  /// Writes messages in order, gathered into as few writes as the framing allows. If one of them
  /// cannot be encoded, nothing is written.
  Result<void> write_frames(std::span<const Bytes> payloads);

  /// Detaches the stream from its loop, so that it can be used on another thread, or after its loop
  /// has ended (that of a TaskGroup too): see Stream::leave_loop(). Received bytes are kept; the
  /// last message is not valid any more.
  void leave_loop();

  /// Ends the use of this object: the bytes that belong to no message that was read are the next
  /// that the stream below receives, and the last message is not valid any more. Call nothing else
  /// after it. Returns the stream; move it away if this object owns it. Nothing else may have
  /// received from the stream since. A TrafficTap sees those bytes again. With Kind::ready, call it
  /// between two messages. Throws std::bad_alloc.
  Stream& release();

  const Framing& framing() const;

  /// Returns the stream below: to close, to half-close, or for the address of the peer.
  Stream& stream();
  const Stream& stream() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline
