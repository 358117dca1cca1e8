#pragma once

#include <array>
#include <cstddef>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/framing/codec.h"
#include "hotline/net/stream.h"

namespace hotline::framing {

/// Gathers frames into as few writes as possible: small ones are copied together; of large ones
/// only the envelope is copied. On the stack of the writer.
class FrameBatch {
 public:
  /// The most bytes that one frame adds to the copies.
  static constexpr std::size_t kCopiedFrameMax = 640;

  /// `stream` and `memory`, which must have room for one copied frame, must outlive this object.
  FrameBatch(Stream& stream, MutableBytes memory) : stream_(stream), memory_(memory) {}

  /// Adds one frame; may write those before it. `payload` must stay unchanged until flush().
  Result<void> add(const Envelope& envelope, Bytes payload);

  /// Writes what has not been written yet.
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
