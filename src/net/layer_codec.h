#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "engine/buffer.h"
#include "engine/channel.h"
#include "engine/engine.h"
#include "hotline/net/stream_layer.h"

namespace hotline::net {

/// The layer of a stream, with the bytes on their way through it. Does no I/O. Used as the stream
/// is: one fiber may decode while another encodes.
class LayerCodec {
 public:
  /// The bytes of the socket are the unread ones of `channel`, which outlives this.
  LayerCodec(std::unique_ptr<StreamLayer> layer, engine::Channel& channel)
      : layer_(std::move(layer)), channel_(channel) {}

  /// The result of a step that failed: failure() says why.
  static constexpr int kFailed = -EPROTO;

  // The most that is encoded before it is sent, and that one decode returns in a buffer.
  static constexpr std::size_t kEncodedMax = 64 * 1024;
  static constexpr std::size_t kRecordBytes = 16 * 1024;
  // What decoding may leave unsent; a program that writes leaves less than a record.
  static constexpr std::size_t kUnsentMax = 64 * 1024;
  // A record as the socket carries it: with its header, padding and tag.
  static constexpr std::size_t kWireRecordMax = kRecordBytes + 512;

  StreamLayer& layer() { return *layer_; }
  const StreamLayer& layer() const { return *layer_; }
  const Error& failure() const { return failure_; }
  bool is_open() const { return is_open_; }

  /// Fails because encoded bytes were lost for lack of memory: the peer could decode none of those
  /// that follow. Does not throw.
  void note_lost() noexcept;

  /// Continues the opening exchange. Returns 1 once it is complete, 0 if it needs more bytes, or
  /// kFailed.
  int open();

  /// Decodes into `into`. Returns how many bytes, 0 if more must arrive, kFailed, or kEnded. The
  /// last two are returned from then on.
  int decode(MutableBytes into);
  static constexpr int kEnded = -ESHUTDOWN;

  /// Fails because the peer does not read what answers it. Returns kFailed.
  int refuse_unread();

  /// Encodes `pieces`. Returns 1, or kFailed.
  int encode(std::span<const iovec> pieces);

  /// Encodes the end of the writes, once. Returns 1, or kFailed.
  int encode_end();

  /// The peer has closed its socket. Returns 0 if nothing is missing, or kFailed.
  int end_wire();

  /// Takes over bytes that have arrived, after all earlier ones were decoded.
  void feed(engine::Buffer buffer);

  /// The same with the next bytes that `engine` has already. Returns false if it has none.
  bool feed_arrived(engine::Engine& engine);

  /// Frees the plain bytes, and gives the buffer of the socket's back if all of it was decoded.
  void end_lease(engine::Engine& engine);

  /// Returns true if decode() does not need more bytes that arrive.
  bool has_buffered() const {
    return !channel_.unread.empty() || has_failed_ || has_read_end_ || layer_->has_buffered();
  }

  /// The lease of decoded bytes, and the part of it that was not read.
  engine::Buffer plain_lease;
  MutableBytes plain_unread;

  /// Encoded bytes that were not sent.
  std::vector<std::byte> outgoing;
  bool is_sending = false;  ///< A fiber sends them, and waits.

 private:
  int note(Error failure);
  void reserve_for(std::span<const iovec> pieces);
  int encode_record(Bytes plain);
  void keep_wire(Bytes rest);
  void end_wire_lease(engine::Engine& engine);

  std::unique_ptr<StreamLayer> layer_;
  engine::Channel& channel_;
  std::vector<std::byte> gathered_;  ///< Pieces that are encoded together.
  Error failure_;
  bool is_open_ = false;
  bool has_failed_ = false;
  bool has_ended_ = false;     ///< The end of the writes was encoded.
  bool has_read_end_ = false;  ///< The end of the peer's writes was decoded.
};

}  // namespace hotline::net
