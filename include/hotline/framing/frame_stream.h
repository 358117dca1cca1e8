#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/framing/codec.h"
#include "hotline/framing/framing.h"
#include "hotline/net/stream.h"

namespace hotline {

/// Messages over a stream: each comes whole, as it was sent, or not at all. Waits, threads and
/// fibers as in Stream: one reader and one writer at once; with Framing::Kind::ready one fiber for
/// both, for each message waits for its receiver. Move only.
class FrameStream {
 public:
  /// Reads and writes `stream` from here on, and owns it. With Kind::ready the length is taken to
  /// be whole when nothing more of it has come for a moment (10 ms).
  FrameStream(Stream&& stream, Framing framing);

  /// The same over a stream that somebody else owns, as a handler's: it outlives this. What this
  /// has read of it beyond the last message is lost to others.
  FrameStream(Stream& stream, Framing framing);
  FrameStream(FrameStream&&) noexcept;
  FrameStream& operator=(FrameStream&&) noexcept;
  ~FrameStream();

  /// The next message: may be empty; may be written to; valid until the next read. It lies where it
  /// was received if it came in one piece; else in memory that grows as it arrives, which goes back
  /// once it is read. Fails with `closed` if the peer closed between two messages, `truncated` if
  /// in the midst of one, `protocol_violation` if what came is none, `too_large` if one is over
  /// frame_max (the stream is lost then), else as Stream::receive does.
  Result<MutableBytes> read_frame();

  /// Whether the next read_frame will not wait: a whole message, or what is wrong with it, is here.
  bool has_frame();

  /// Whether bytes are here that belong to no message that was read.
  bool has_rest();

  /// Writes one message, whole. Fails as encode does, and then nothing was written; else as
  /// Stream::write_all does. With Kind::ready also as Stream::receive does, with `truncated` if the
  /// peer closes and `protocol_violation` if it answers something else: it has 30 s to answer, and
  /// a drain does not end the wait. After any failure but that of encode the stream ends with a
  /// reset, see Stream: a message that was cut off never looks like the last.
  Result<void> write_frame(Bytes payload);

  /// Writes messages, in their order, gathered into as few writes as the framing allows. If one of
  /// them cannot be encoded nothing is written.
  Result<void> write_frames(std::span<const Bytes> payloads);

  /// Ready to go to another thread, or to be used on after its loop has ended (that of a TaskGroup
  /// too): see Stream::leave_loop. What has arrived comes along; the last message is valid no more.
  void leave_loop();

  const Framing& framing() const;

  /// What is underneath: to close, to half-close, to ask who the peer is.
  Stream& stream();
  const Stream& stream() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline
