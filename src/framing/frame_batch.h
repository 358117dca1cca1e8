#pragma once

#include <array>
#include <cstddef>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/framing/codec.h"
#include "hotline/net/stream.h"

namespace hotline::framing {

/// Frames on their way into as few writes as they fit: small ones are copied together, of large
/// ones only what is around them. Lives on the stack of the writer.
class FrameBatch {
 public:
  /// What copying one frame needs at most.
  static constexpr std::size_t kCopiedFrameMax = 640;

  /// `stream` and `memory`, which has room for one copied frame at least, outlive this.
  FrameBatch(Stream& stream, MutableBytes memory) : stream_(stream), memory_(memory) {}

  /// Takes note of one frame; may write those before it. `payload` stays as it is until flush().
  Result<void> add(const Envelope& envelope, Bytes payload);

  /// Writes what was not written yet.
  Result<void> flush();

 private:
  static constexpr std::size_t kPiecesMax = 16;

  void copy(Bytes bytes);
  void refer(Bytes bytes) { pieces_[piece_count_++] = bytes; }

  Stream& stream_;
  MutableBytes memory_;
  std::size_t copied_ = 0;
  std::size_t piece_count_ = 0;
  std::array<Bytes, kPiecesMax> pieces_;
};

}  // namespace hotline::framing
