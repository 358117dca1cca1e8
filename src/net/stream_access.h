#pragma once

#include <memory>
#include <span>

#include "engine/channel.h"
#include "engine/read_watch.h"
#include "hotline/net/stream.h"

namespace hotline::net {

/// Operations on streams for this library's own code. Thread and lifetime are those of the Stream.
class StreamAccess {
 public:
  /// Makes a stream over a connected socket. If it throws std::bad_alloc, the caller still has
  /// `channel`.
  static Stream over(std::unique_ptr<engine::Channel>&& channel, Endpoint peer,
                     StreamOptions options);

  /// Returns Stream::end_reason() without a copy; null before. Valid until the next use of the
  /// stream.
  static const Error* end_of(const Stream& stream);

  /// Records that a part of a message was written, and that the rest never will be: the stream ends
  /// with a reset, as after a failed write.
  static void note_cut_off(Stream& stream);

  /// Makes `begun` and then `rest` the next bytes to be received, before those that are unread.
  /// Both were received from the stream; `rest` may be a part of the last lease, which it then
  /// stays. Throws std::bad_alloc.
  static void give_back(Stream& stream, Bytes begun, MutableBytes rest);

  /// Ends the lease, and notifies `watch`, once, when receive_now is worth a try. No fiber reads
  /// until then. On a loop only.
  static void watch(Stream& stream, engine::ReadWatch& watch);

  /// Returns true if there is a layer between the program and the socket.
  static bool has_layer(const Stream& stream);

  /// Waits until it can write at least one byte, then writes as many bytes of `pieces`, of which
  /// there are at most 16, as possible. Returns how many: 0 if the wait ended early or failed, and
  /// then the stream is as before, and its next write reports it. Without a layer.
  static std::size_t write_some(Stream& stream, std::span<const Bytes> pieces);

  /// Returns true if write_now() has left encoded bytes of a layer, which send_unsent() sends.
  static bool has_unsent(const Stream& stream);
  static Result<void> send_unsent(Stream& stream);

  /// Drops the layer without its end of the writes, because a copy of the stream in another process
  /// goes on.
  static void forget_layer(Stream& stream);

  /// Stops notifying `watch`.
  static void unwatch(Stream& stream);
};

}  // namespace hotline::net
