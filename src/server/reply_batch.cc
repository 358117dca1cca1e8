#include "server/reply_batch.h"

#include <algorithm>
#include <utility>

#include "core/raised_flag.h"
#include "hotline/framing/codec.h"
#include "net/stream_access.h"

namespace hotline::server {
namespace {

/// Frames a reply that is its own request, changed in place, without moving it. Returns an empty
/// view if its envelope does not fit.
Bytes frame_in_place(const framing::FrameAssembler::Step& request, const Envelope& envelope) {
  const Bytes header = envelope.header();
  const Bytes trailer = envelope.trailer();
  const auto before = static_cast<std::size_t>(request.payload.data() - request.frame.data());
  const std::size_t behind = request.frame.size() - before - request.payload.size();
  const bool fits = header.size() <= before && trailer.size() <= behind && !request.frame.empty();
  if (!fits) return {};
  const MutableBytes framed = request.frame.subspan(
      before - header.size(), header.size() + request.payload.size() + trailer.size());
  std::copy(header.begin(), header.end(), framed.begin());
  std::copy(trailer.begin(), trailer.end(), framed.last(trailer.size()).begin());
  return framed;
}

}  // namespace

ReplyBatch::ReplyBatch() { scratch_.reserve(kScratchBytes); }

Result<void> ReplyBatch::encode_and_append(const Framing& framing,
                                           const framing::FrameAssembler::Step& request,
                                           Reply& reply) {
  const Bytes payload = reply.bytes();
  const auto envelope = encode(framing, payload);
  if (!envelope) return fail(envelope.error());
  if (is_request(reply, request)) {
    if (const Bytes framed = frame_in_place(request, *envelope); !framed.empty()) {
      append(framed);
      return {};
    }
  }
  append_copy(envelope->header());
  if (payload.size() <= kCopiedMax) {
    append_copy(payload);
  } else if (std::string* const own = std::get_if<std::string>(&reply.bytes_)) {
    append(as_bytes(owned_.emplace_back(std::move(*own))));
  } else {
    append(payload);
  }
  append_copy(envelope->trailer());
  return {};
}

void ReplyBatch::append_copy(Bytes bytes) {
  const std::size_t begin = scratch_.size();
  scratch_.insert(scratch_.end(), bytes.begin(), bytes.end());
  append(Bytes(scratch_).subspan(begin));
}

Result<void> ReplyBatch::flush(Stream& call) {
  // On a ring, every wait costs the start of another fiber, which is far more than a system call.
  flush_now(call);
  if (pieces_.empty()) return net::StreamAccess::send_unsent(call);
  auto written = write_all(call);
  clear();
  return written;
}

Result<void> ReplyBatch::write_all(Stream& call) {
  const RaisedFlag raised(is_flushing_);
  if (pieces_.size() == 1) return call.write_all(pieces_.front());
  return call.write_all(std::span<const Bytes>(pieces_));
}

void ReplyBatch::flush_now(Stream& call) {
  if (is_flushing_) return;
  write_now(call);
  if (pieces_.empty()) clear();
}

void ReplyBatch::write_now(Stream& call) {
  if (pieces_.empty()) return;
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
