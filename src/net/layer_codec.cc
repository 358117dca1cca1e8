#include "net/layer_codec.h"

#include <cassert>
#include <cerrno>
#include <new>
#include <optional>
#include <utility>

namespace hotline::net {
namespace {

// More than TLS adds to a record; other layers may need more, and get it.
constexpr std::size_t kEnvelopeBytes = 128;

/// Cryptography needs 8 KiB of stack and more, which each fiber would keep while it waits.
template <typename Step>
auto deep(Step step) {
  std::optional<decltype(step())> result;
  engine::Engine::current().run_deep([&] { result.emplace(step()); });
  return std::move(*result);
}

}  // namespace

/// The first failure: a layer that has failed is not called again.
int LayerCodec::note(Error failure) {
  has_failed_ = true;
  failure_ = std::move(failure);
  return kFailed;
}

int LayerCodec::open() {
  if (has_failed_) return kFailed;
  Bytes wire = channel_.unread;
  auto opened = deep([&] { return layer_->open(wire, outgoing); });
  keep_wire(wire);
  if (!opened) return note(std::move(opened.error()));
  is_open_ = *opened;
  return is_open_ ? 1 : 0;
}

int LayerCodec::decode(MutableBytes into) {
  if (has_failed_) return kFailed;
  if (has_read_end_) return kEnded;
  if (!has_buffered()) return 0;
  Bytes wire = channel_.unread;
  auto decoded = deep([&] { return layer_->decode(wire, into, outgoing); });
  keep_wire(wire);
  if (decoded) return static_cast<int>(*decoded);
  has_read_end_ = decoded.error().kind == ErrorKind::closed;
  if (has_read_end_) return kEnded;
  return note(std::move(decoded.error()));
}

int LayerCodec::refuse_unread() {
  if (has_failed_) return kFailed;
  return note(make_error(ErrorKind::protocol_violation, "receive from", {},
                         "it does not read the answers to what it sends"));
}

void LayerCodec::note_lost() noexcept {
  if (has_failed_) return;
  has_failed_ = true;
  failure_ = {ErrorKind::resource_exhausted, ENOMEM, "send to", {}, {}, {}};
}

int LayerCodec::encode_record(Bytes plain) {
  auto encoded = deep([&] { return layer_->encode(plain, outgoing); });
  return encoded ? 1 : note(std::move(encoded.error()));
}

/// Only saves copies: without memory the layer reports it.
void LayerCodec::reserve_for(std::span<const iovec> pieces) try {
  std::size_t plain = 0;
  for (const iovec& piece : pieces) plain += piece.iov_len;
  outgoing.reserve(outgoing.size() + plain + plain / 64 + kEnvelopeBytes);
} catch (const std::bad_alloc&) {
}

/// Small pieces go into one record, because each has a cost of its own.
int LayerCodec::encode(std::span<const iovec> pieces) {
  if (has_failed_) return kFailed;
  reserve_for(pieces);
  gathered_.clear();
  for (const iovec& piece : pieces) {
    const Bytes bytes(static_cast<const std::byte*>(piece.iov_base), piece.iov_len);
    if (gathered_.size() + bytes.size() <= kRecordBytes) {
      if (pieces.size() == 1) return encode_record(bytes);
      gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
      continue;
    }
    if (!gathered_.empty() && encode_record(gathered_) == kFailed) return kFailed;
    gathered_.clear();
    if (encode_record(bytes) == kFailed) return kFailed;
  }
  if (gathered_.empty()) return 1;
  const int encoded = encode_record(gathered_);
  gathered_ = {};
  return encoded;
}

int LayerCodec::encode_end() {
  if (has_failed_) return kFailed;
  if (!is_open_ || std::exchange(has_ended_, true)) return 1;
  auto encoded = deep([&] { return layer_->encode_end(outgoing); });
  return encoded ? 1 : note(std::move(encoded.error()));
}

int LayerCodec::end_wire() {
  if (has_failed_) return kFailed;
  if (!is_open_) {
    return note(make_error(ErrorKind::truncated, "open the call with", {},
                           "the peer closed the connection in the handshake"));
  }
  const ErrorKind end = layer_->end_of_wire();
  if (end == ErrorKind::closed) return 0;
  return note(make_error(end, "receive from", {},
                         "the connection ended without the end of the peer's writes"));
}

void LayerCodec::keep_wire(Bytes rest) { channel_.unread = channel_.unread.last(rest.size()); }

void LayerCodec::feed(engine::Buffer buffer) {
  assert(channel_.unread.empty() && "a layer uses all bytes before it asks for more");
  channel_.unread = buffer.memory().first(buffer.filled());
  channel_.lease = std::move(buffer);
}

bool LayerCodec::feed_arrived(engine::Engine& engine) {
  end_wire_lease(engine);
  engine::Buffer arrived = engine.take_arrived(channel_);
  if (!arrived) return false;
  feed(std::move(arrived));
  return true;
}

void LayerCodec::end_lease(engine::Engine& engine) {
  plain_unread = {};
  plain_lease = {};
  end_wire_lease(engine);
}

void LayerCodec::end_wire_lease(engine::Engine& engine) {
  if (!channel_.unread.empty() || !channel_.lease) return;
  engine.recycle(std::exchange(channel_.lease, {}));
}

}  // namespace hotline::net
