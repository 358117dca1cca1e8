#include "server/reply_batch.h"

#include <algorithm>
#include <utility>

#include "hotline/framing/codec.h"

namespace hotline::server {
namespace {

constexpr std::size_t kScratchBytes = 32 * 1024;

// Copying so much costs less than a piece of its own in a vectored write.
constexpr std::size_t kCopiedMax = 512;

constexpr std::size_t kPiecesMax = 256;
constexpr std::size_t kBytesMax = 256 * 1024;

bool is_same(Bytes one, Bytes other) {
  return one.data() == other.data() && one.size() == other.size();
}

/// Whether what goes around a message depends on its length alone, and in one way: then a reply of
/// the same length in the same place is framed already.
bool says_only_length(Framing::Kind kind) {
  switch (kind) {
    case Framing::Kind::u16be:
    case Framing::Kind::u32be:
    case Framing::Kind::u32le:
    case Framing::Kind::i32le:
    case Framing::Kind::netstring:
    case Framing::Kind::fixed: return true;
    default: return false;
  }
}

/// The reply framed where its request lies, if it is the request's own bytes and fits around them;
/// else nothing.
Bytes frame_in_place(const framing::FrameAssembler::Step& request, const Envelope& envelope,
                     Bytes reply) {
  const Bytes header = envelope.header();
  const Bytes trailer = envelope.trailer();
  const auto before = static_cast<std::size_t>(request.payload.data() - request.frame.data());
  const std::size_t behind = request.frame.size() - before - request.payload.size();
  const bool fits = is_same(reply, request.payload) && header.size() <= before &&
                    trailer.size() <= behind && !request.frame.empty();
  if (!fits) return {};
  const MutableBytes framed =
      request.frame.subspan(before - header.size(), header.size() + reply.size() + trailer.size());
  std::ranges::copy(header, framed.begin());
  std::ranges::copy(trailer, framed.last(trailer.size()).begin());
  return framed;
}

}  // namespace

ReplyBatch::ReplyBatch() { scratch_.reserve(kScratchBytes); }

Result<void> ReplyBatch::add(const Framing& framing, const framing::FrameAssembler::Step& request,
                             Reply& reply) {
  const bool is_framed = says_only_length(framing.kind) && is_same(reply.bytes(), request.payload);
  if (!is_framed) return encode_and_append(framing, request, reply);
  append(request.frame);
  return {};
}

Result<void> ReplyBatch::encode_and_append(const Framing& framing,
                                           const framing::FrameAssembler::Step& request,
                                           Reply& reply) {
  const Bytes payload = reply.bytes();
  const auto envelope = encode(framing, payload);
  if (!envelope) return fail(envelope.error());
  if (const Bytes framed = frame_in_place(request, *envelope, payload); !framed.empty()) {
    append(framed);
    return {};
  }
  append_copy(envelope->header());
  if (payload.size() <= kCopiedMax) {
    append_copy(payload);
  } else if (reply.is_own()) {
    append(as_bytes(owned_.emplace_back(std::move(reply).take())));
  } else {
    append(payload);
  }
  append_copy(envelope->trailer());
  return {};
}

bool ReplyBatch::is_full() const {
  constexpr std::size_t kOneReplyMax = kCopiedMax + 128;
  return pieces_.size() >= kPiecesMax || bytes_ >= kBytesMax ||
         scratch_.size() + kOneReplyMax > kScratchBytes;
}

void ReplyBatch::append_copy(Bytes bytes) {
  const std::size_t begin = scratch_.size();
  scratch_.insert(scratch_.end(), bytes.begin(), bytes.end());
  append(Bytes(scratch_).subspan(begin));
}

void ReplyBatch::append(Bytes piece) {
  bytes_ += piece.size();
  Bytes* last = pieces_.empty() ? nullptr : &pieces_.back();
  if (last != nullptr && last->data() + last->size() == piece.data()) {
    *last = Bytes(last->data(), last->size() + piece.size());
  } else if (!piece.empty()) {
    pieces_.push_back(piece);
  }
}

Result<void> ReplyBatch::flush(Stream& call) {
  if (pieces_.empty()) return {};
  is_flushing_ = true;
  auto written = pieces_.size() == 1 ? call.write_all(pieces_.front())
                                     : call.write_all(std::span<const Bytes>(pieces_));
  is_flushing_ = false;
  clear();
  return written;
}

void ReplyBatch::flush_now(Stream& call) {
  if (pieces_.empty() || is_flushing_) return;
  std::size_t sent = call.write_now(pieces_);
  bytes_ -= sent;
  auto piece = pieces_.begin();
  for (; piece != pieces_.end() && sent >= piece->size(); ++piece) sent -= piece->size();
  pieces_.erase(pieces_.begin(), piece);
  if (sent > 0) pieces_.front() = pieces_.front().subspan(sent);
}

void ReplyBatch::clear() {
  pieces_.clear();
  scratch_.clear();
  owned_.clear();
  bytes_ = 0;
}

}  // namespace hotline::server
