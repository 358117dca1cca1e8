#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "framing/formats.h"
#include "framing/frame_assembler.h"
#include "hotline/framing/framing.h"
#include "hotline/net/stream.h"
#include "hotline/server/handler.h"

namespace hotline::server {

/// Gathers the framed replies to one stream into as few writes as possible. A reply that is its
/// whole request, changed in place, is sent from its place together with its neighbours; a short
/// one is copied; longer ones are sent from where they are, and replies that own their bytes are
/// kept. Reused from batch to batch.
class ReplyBatch {
 public:
  ReplyBatch();

  /// Adds the reply to the frame `request`, which must stay in place until flush(); a reply in
  /// place is a part of it. Fails as encode() does, and then adds nothing.
  Result<void> add(const Framing& framing, const framing::FrameAssembler::Step& request,
                   Reply& reply) {
    const bool is_framed =
        framing::format_of(framing.kind).says_only_length && is_request(reply, request);
    if (!is_framed) return encode_and_append(framing, request, reply);
    append(request.frame);
    return {};
  }

  /// Returns true if it should be flushed before more is added.
  bool is_full() const {
    return pieces_.size() >= kPiecesMax || bytes_ >= kBytesMax ||
           scratch_.size() + kOneReplyMax > kScratchBytes;
  }

  /// Writes everything, and clears the batch; if it throws std::bad_alloc, the call cannot go on.
  Result<void> flush(Stream& call);

  /// Writes as much as possible without waiting; the rest stays. Does nothing while flush() waits.
  void flush_now(Stream& call);

  void clear();

 private:
  static constexpr std::size_t kScratchBytes = 32 * 1024;
  // Copying up to this many bytes costs less than a separate piece in a vectored write.
  static constexpr std::size_t kCopiedMax = 512;
  static constexpr std::size_t kOneReplyMax = kCopiedMax + 128;
  static constexpr std::size_t kPiecesMax = 256;
  static constexpr std::size_t kBytesMax = 256 * 1024;

  /// Whether the reply is its whole request, as the handler has left it.
  static bool is_request(const Reply& reply, const framing::FrameAssembler::Step& request) {
    return reply.is_in_place() && reply.bytes().size() == request.payload.size();
  }

  Result<void> encode_and_append(const Framing& framing,
                                 const framing::FrameAssembler::Step& request, Reply& reply);
  void append(Bytes piece) {
    bytes_ += piece.size();
    if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == piece.data()) {
      pieces_.back() = Bytes(pieces_.back().data(), pieces_.back().size() + piece.size());
    } else if (!piece.empty()) {
      pieces_.push_back(piece);
    }
  }
  void append_copy(Bytes bytes);
  Result<void> write_all(Stream& call);
  void write_now(Stream& call);

  std::vector<Bytes> pieces_;
  std::vector<std::byte>
      scratch_;  ///< Never grows beyond its reserved size, because pieces_ point to it.
  std::vector<std::string> owned_;
  std::size_t bytes_ = 0;
  bool is_flushing_ = false;
};

}  // namespace hotline::server
