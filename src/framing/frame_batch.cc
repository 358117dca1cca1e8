#include "framing/frame_batch.h"

#include <algorithm>
#include <span>

namespace hotline::framing {
namespace {

// Up to this size, copying costs less than a separate piece in the system call.
constexpr std::size_t kCopiedPayloadMax = 512;
static_assert(kCopiedPayloadMax + sizeof(Envelope) + Framing::kDelimiterBytesMax <=
              FrameBatch::kCopiedFrameMax);

}  // namespace

Result<void> FrameBatch::add(const Envelope& envelope, Bytes payload) {
  const bool is_copied = payload.size() <= kCopiedPayloadMax;
  const std::size_t to_copy =
      envelope.header().size() + envelope.trailer().size() + (is_copied ? payload.size() : 0);
  constexpr std::size_t kPiecesOfOne = 3;
  if (copied_ + to_copy > memory_.size() || piece_count_ + kPiecesOfOne > kPiecesMax) {
    if (auto flushed = flush(); !flushed) return flushed;
  }
  copy(envelope.header());
  is_copied ? copy(payload) : refer(payload);
  copy(envelope.trailer());
  return {};
}

Result<void> FrameBatch::flush() {
  const auto pieces = std::span<const Bytes>(pieces_).first(piece_count_);
  copied_ = 0;
  piece_count_ = 0;
  return pieces.size() == 1 ? stream_.write_all(pieces.front()) : stream_.write_all(pieces);
}

void FrameBatch::copy(Bytes bytes) {
  if (bytes.empty()) return;
  std::byte* const begin = memory_.data() + copied_;
  std::copy(bytes.begin(), bytes.end(), begin);
  copied_ += bytes.size();
  Bytes* const last = piece_count_ == 0 ? nullptr : &pieces_[piece_count_ - 1];
  if (last != nullptr && last->data() + last->size() == begin) {
    *last = Bytes(last->data(), last->size() + bytes.size());
  } else {
    refer(Bytes(begin, bytes.size()));
  }
}

}  // namespace hotline::framing
