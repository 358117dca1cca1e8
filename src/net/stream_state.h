#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/operations/receive.h"
#include "hotline/net/stream.h"
#include "net/layer_codec.h"
#include "net/progress_deadline.h"

namespace hotline {

/// The parts of a Stream, for Stream itself and StreamAccess. Used as the Stream is.
struct Stream::State {
  /// How far the last write got.
  enum class Written : std::uint8_t {
    whole,
    partly,  ///< It is in progress, or was partial.
    failed,  ///< It will never be completed.
  };

  /// Says if a write waits until the peer takes something.
  enum class Waits : bool { never, for_room };

  /// The pieces of one vectored write: well below IOV_MAX, small on a fiber's stack.
  static constexpr std::size_t kPiecesMax = 16;

  ~State() {
    if (written == Written::partly && channel->is_open()) set_end(WhenDropped::abort);
    if (written == Written::whole && when_dropped == WhenDropped::close) end_layer();
  }

  std::unique_ptr<engine::Channel> channel;
  Endpoint peer;
  StreamOptions options;
  std::unique_ptr<net::LayerCodec>
      layer;                   ///< Null: the bytes of the socket are those of the program.
  std::unique_ptr<Error> end;  ///< Separate, because most streams have none most of the time.
  net::ProgressDeadline write_deadline;
  bool has_received = false;
  bool was_reset = false;  ///< A write has failed with a reset.
  Written written = Written::whole;
  WhenDropped when_dropped = WhenDropped::close;
  int read_end = 1;  ///< How the peer ended: 0 or a negated errno; 1 if it has not.

  Deadline read_deadline(Instant now) const {
    return Deadline::after(now, has_received ? options.timeouts.idle : options.timeouts.first_byte);
  }

  std::size_t piece_max() const { return options.receive_max.value_or(SIZE_MAX); }

  int perform_receive(engine::Receive& receive, Deadline deadline);

  /// What follows a wait to send that has ended without success.
  enum class WhenEnded : bool { fails, goes_on };
  int perform_send(engine::Operation& send, std::size_t wanted_bytes,
                   WhenEnded when_ended = WhenEnded::fails);

  /// Chooses what closing the descriptor does.
  void set_end(WhenDropped manner);

  /// Records `error` as how the stream ended, unless it had ended before. Returns it.
  Error note_end(Error error);
  Error receive_error(int code);
  Error send_error(int code);
  void note_written(Written now) {
    if (written != Written::failed) written = now;
  }
  void note_cut_off();
  /// Writes the first bytes of `bytes`, with a layer no more than `layer_max`.
  Result<std::size_t> write_first(Bytes bytes, std::size_t layer_max);
  Result<std::size_t> write_pieces(std::span<iovec> pieces, std::size_t total_bytes);
  /// Writes as many bytes of the first kPiecesMax pieces as possible after at most one wait.
  /// Returns how many: 0 if the wait was ended or failed, and then the next write reports it.
  /// Without a layer.
  std::size_t send_some(std::span<const Bytes> pieces, Waits waits);
  void show_sent(std::span<const iovec> pieces, std::size_t sent) const;

  // For files.
  Result<void> send_file(DiskFile& file, std::uint64_t offset, std::uint64_t size);
  Result<std::size_t> send_part(DiskFile& file, std::uint64_t offset, std::size_t size);
  Result<std::size_t> copy_part(DiskFile& file, std::uint64_t offset, std::uint64_t size,
                                MutableBytes memory);
  Error file_failure(Error error);

  // With a layer. The results are those of Engine::perform, or LayerCodec::kFailed.
  int open_layer(Deadline deadline);
  int receive_wire(Deadline deadline);
  engine::Buffer plain_buffer() const;
  int decode_arrived(MutableBytes into);
  int receive_through(engine::Receive& receive, Deadline deadline);
  int send_through(std::span<const iovec> pieces);
  int send_through(Bytes bytes);
  Result<void> write_end();
  int flush();
  int send_wire(Bytes wire);
  void flush_now();
  std::size_t write_through_now(std::span<const Bytes> pieces);
  std::size_t encode_now(std::span<const Bytes> pieces);

  /// Sends the end of the writes if that does not have to wait.
  void end_layer() noexcept;
  bool has_unread() const {
    return !arrived().unread.empty() || read_end <= 0 || (layer && layer->has_buffered());
  }

  /// The bytes that the program has not read, and their memory. With a layer, the channel has those
  /// of the socket instead.
  struct Arrived {
    engine::Buffer& lease;
    MutableBytes& unread;
  };
  Arrived arrived() const {
    if (layer) return {layer->plain_lease, layer->plain_unread};
    return {channel->lease, channel->unread};
  }

  /// Gives the lease's buffer back, so that an idle stream holds none.
  void end_lease(engine::Engine& engine) {
    if (layer) return layer->end_lease(engine);
    if (channel->lease) engine.recycle(std::exchange(channel->lease, {}));
  }

  void lease(engine::Buffer buffer) {
    has_received = true;
    const Arrived into = arrived();
    into.unread = buffer.memory().first(buffer.filled());
    into.lease = std::move(buffer);
  }

  /// Returns as much of the lease as one receive may give.
  MutableBytes take_unread() {
    const Arrived from = arrived();
    const MutableBytes piece = from.unread.first(std::min(from.unread.size(), piece_max()));
    from.unread = from.unread.subspan(piece.size());
    if (options.tap != nullptr) options.tap->received(peer, piece);
    return piece;
  }
};

}  // namespace hotline
