#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "core/check.h"
#include "core/raised_flag.h"
#include "engine/operations/send.h"
#include "net/stream_state.h"

// The parts of a Stream that move bytes through its layer.

namespace hotline {

using engine::Engine;
using net::LayerCodec;

namespace {

// An update of the keys of TLS is two steps, and takes as long as eight small receives.
constexpr std::size_t kBytesOfIdleStep = 16 * 1024;

/// The bytes of a full record are sent before the next stream's record drives them out of the
/// cache.
engine::Operation::Start start_of(Bytes encoded) {
  using Start = engine::Operation::Start;
  return encoded.size() < LayerCodec::kRecordBytes ? Start::with_others : Start::at_once;
}

}  // namespace

/// Returns 1, or an error: an end of the wire is one before the layer is open.
int Stream::State::open_layer(Deadline deadline) {
  while (!layer->is_open()) {
    const int opened = layer->open();
    if (opened == LayerCodec::kFailed) {
      flush_now();
      return opened;
    }
    if (const int flushed = flush(); flushed < 0) return flushed;
    if (layer->is_open()) break;
    if (const int received = receive_wire(deadline); received < 0) return received;
  }
  return 1;
}

/// Returns 0 only if the end of the wire is an end of the plain bytes.
int Stream::State::receive_wire(Deadline deadline) {
  Engine& engine = Engine::current();
  layer->end_lease(engine);
  engine::Receive receive(*channel, engine);
  const int received = engine.perform(receive, deadline);
  if (received > 0) layer->feed(std::move(receive.buffer));
  return received == 0 ? layer->end_wire() : received;
}

/// Returns an empty one if there is no memory.
engine::Buffer Stream::State::plain_buffer() const try {
  // Several records at once cost fewer turns, and fewer system calls to answer.
  Engine& engine = Engine::current();
  if (channel->unread.size() > LayerCodec::kWireRecordMax || engine.has_arrived(*channel)) {
    engine::Buffer large = engine.take_buffer();
    // Otherwise it is one that the loop needs to receive.
    if (large.memory().size() >= 2 * LayerCodec::kRecordBytes) return large;
  }
  return engine::Buffer(LayerCodec::kRecordBytes);
} catch (const std::bad_alloc&) {
  return {};
}

/// Decodes also what the engine has received already. What ends the stream after some bytes is
/// returned the next time.
int Stream::State::decode_arrived(MutableBytes into) {
  std::size_t total = 0;
  do {
    const int decoded = layer->decode(into.subspan(total));
    if (decoded < 0) return total > 0 ? static_cast<int>(total) : decoded;
    total += static_cast<std::size_t>(decoded);
  } while (total < into.size() && !layer->has_buffered() && layer->feed_arrived(Engine::current()));
  return static_cast<int>(total);
}

int Stream::State::receive_through(engine::Receive& receive, Deadline deadline) {
  if (const int opened = open_layer(deadline); opened < 0) return opened;
  for (;;) {
    if (layer->outgoing.size() > LayerCodec::kUnsentMax) return layer->refuse_unread();
    if (layer->has_buffered() && receive.into().empty()) {
      receive.buffer = plain_buffer();
      if (!receive.buffer) return -ENOBUFS;
    }
    const MutableBytes into = receive.buffer ? receive.buffer.memory() : receive.into();
    const int decoded = decode_arrived(into);
    flush_now();
    if (const std::size_t steps = layer->layer().take_idle_steps(); steps > 0) {
      Engine::current().note_work(steps * kBytesOfIdleStep);
    }
    if (decoded > 0 && receive.buffer) receive.buffer.set_filled(static_cast<std::size_t>(decoded));
    if (decoded != 0) return decoded == LayerCodec::kEnded ? 0 : decoded;
    receive.buffer = {};
    // Another fiber may have closed it while this one let others run.
    if (!channel->is_open()) return -engine::kCancelEnd;
    if (const int received = receive_wire(deadline); received <= 0) return received;
  }
}

int Stream::State::send_through(std::span<const iovec> pieces) {
  if (const int opened = open_layer(read_deadline(Engine::current().now())); opened < 0) {
    return opened;
  }
  if (const int encoded = layer->encode(pieces); encoded < 0) return encoded;
  return flush();
}

int Stream::State::send_through(Bytes bytes) {
  const iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const int sent = send_through({&piece, 1});
  return sent < 0 ? sent : static_cast<int>(bytes.size());
}

Result<void> Stream::State::write_end() {
  if (!layer->is_open()) return {};
  int ended = layer->encode_end();
  if (ended >= 0) ended = flush();
  if (ended < 0) return fail(send_error(ended));
  return {};
}

/// What the fiber that reads appends in the meantime is sent too.
int Stream::State::flush() {
  check_use(!layer->is_sending,
            "two fibers write one stream: one may read while another writes, no more");
  const RaisedFlag is_sending(layer->is_sending);
  while (!layer->outgoing.empty()) {
    const std::vector<std::byte> sending = std::exchange(layer->outgoing, {});
    if (const int sent = send_wire(sending); sent < 0) return sent;
  }
  return 0;
}

int Stream::State::send_wire(Bytes wire) try {
  while (!wire.empty()) {
    engine::Send send(*channel, wire, start_of(wire));
    const int sent = perform_send(send, wire.size());
    if (sent < 0) return sent;
    wire = wire.subspan(static_cast<std::size_t>(sent));
  }
  return 0;
} catch (const std::bad_alloc&) {
  layer->note_lost();
  throw;
}

void Stream::State::flush_now() {
  if (layer->is_sending || layer->outgoing.empty() || !channel->is_open()) return;
  engine::Send send(*channel, layer->outgoing);
  const int sent = Engine::current().attempt(send);
  // If there is an error, the next write that may wait reports it.
  if (sent > 0) layer->outgoing.erase(layer->outgoing.begin(), layer->outgoing.begin() + sent);
}

/// What was encoded counts as written: the next write sends the rest of it first.
std::size_t Stream::State::write_through_now(std::span<const Bytes> pieces) {
  std::size_t total = 0;
  for (const Bytes piece : pieces) total += piece.size();
  const std::size_t taken = encode_now(pieces);
  if (taken > 0) note_written(taken == total ? Written::whole : Written::partly);
  return taken;
}

std::size_t Stream::State::encode_now(std::span<const Bytes> pieces) {
  std::size_t taken = 0;
  flush_now();
  for (Bytes piece : pieces) {
    while (!piece.empty()) {
      if (!layer->is_open() || layer->is_sending || !layer->outgoing.empty()) return taken;
      const Bytes record = piece.first(std::min(piece.size(), LayerCodec::kRecordBytes));
      const iovec encoded{const_cast<std::byte*>(record.data()), record.size()};
      if (layer->encode({&encoded, 1}) < 0) return taken;
      flush_now();
      show_sent({&encoded, 1}, record.size());
      taken += record.size();
      piece = piece.subspan(record.size());
    }
  }
  return taken;
}

void Stream::State::end_layer() noexcept {
  if (!layer || !channel->is_open() || layer->is_sending || !layer->outgoing.empty()) return;
  try {
    if (layer->encode_end() > 0) flush_now();
  } catch (const std::bad_alloc&) {
    // The peer sees a truncated stream, not a complete one.
  }
}

}  // namespace hotline
