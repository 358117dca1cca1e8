#include "framing/frame_assembler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace hotline::framing {
namespace {

using Outcome = Decoded::Outcome;

// If more than this is missing, it is read directly into its place, although that read takes no
// bytes of the next frame.
constexpr std::size_t kDirectMin = 16 * 1024;

// The most bytes that are taken at once of a frame whose end is not known.
constexpr std::size_t kPieceMin = 512;

}  // namespace

bool FrameAssembler::has_next() {
  return !is_amid_frame() && !piece_.empty() && decoder_.decode(piece_).outcome != Outcome::more;
}

FrameAssembler::Step FrameAssembler::next_of_pieces() {
  if (!partial_ && piece_.empty()) return {};
  if (partial_ && std::exchange(partial_->is_read, false)) partial_->bytes.clear();
  for (;;) {
    const bool is_gathering = partial_ && !partial_->bytes.empty();
    const MutableBytes input = is_gathering ? partial_->bytes.bytes() : piece_;
    const Decoded decoded = decoder_.decode(input);
    if (decoded.outcome == Outcome::frame) return take_frame(decoded, input);
    if (decoded.outcome != Outcome::more) {
      return {.outcome = decoded.outcome, .reason = decoded.reason};
    }
    if (!piece_.empty()) {
      gather(decoded.wanted_bytes);
      continue;
    }
    if (is_gathering) {
      partial_->wanted_bytes = decoded.wanted_bytes;
    } else {
      partial_.reset();
    }
    return {.outcome = decoded.outcome};
  }
}

FrameAssembler::Step FrameAssembler::take_frame(const Decoded& decoded, MutableBytes input) {
  const bool is_gathered = partial_ && !partial_->bytes.empty();
  if (!is_gathered) return take_whole(decoded);
  partial_->is_read = true;
  // Returns the gathered bytes after the frame to the piece, because they were copied from it last.
  if (const std::size_t excess = input.size() - decoded.frame_bytes; excess > 0) {
    const MutableBytes source = partial_->source;
    assert(source.size() >= piece_.size() + excess && "the last copy completed the frame");
    piece_ = source.last(piece_.size() + excess);
  }
  return {.outcome = decoded.outcome,
          .is_gathered = true,
          .payload = input.subspan(decoded.payload_begin, decoded.payload_bytes),
          .frame = input.first(decoded.frame_bytes)};
}

/// Doubles each time if the end is not known beforehand, so that few searches are enough.
void FrameAssembler::gather(std::size_t wanted_bytes) {
  if (!partial_) partial_ = std::make_unique<Partial>(budget_);
  const std::size_t gathered = partial_->bytes.size();
  const std::size_t taken =
      std::min(piece_.size(), std::max({wanted_bytes - gathered, gathered, kPieceMin}));
  partial_->source = piece_;
  partial_->bytes.append(piece_.first(taken), wanted_bytes);
  piece_ = piece_.subspan(taken);
}

MutableBytes FrameAssembler::room() {
  const bool is_worth_it =
      is_amid_frame() && partial_->bytes.room_for(partial_->wanted_bytes) >= kDirectMin;
  return is_worth_it ? partial_->bytes.make_room_for(partial_->wanted_bytes) : MutableBytes();
}

std::size_t FrameAssembler::take(MutableBytes into) {
  const std::size_t taken = std::min(into.size(), piece_.size());
  std::copy_n(piece_.begin(), taken, into.begin());
  piece_ = piece_.subspan(taken);
  return taken;
}

}  // namespace hotline::framing
