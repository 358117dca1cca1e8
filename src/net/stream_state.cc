#include "net/stream_state.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "engine/engine.h"
#include "engine/operations/send.h"

namespace hotline {
namespace {

using engine::Engine;

constexpr std::string_view kReadFrom = "receive from";
constexpr std::string_view kWriteTo = "send to";

}  // namespace

/// Sets what closing the descriptor does, in this process or another.
void Stream::State::set_end(WhenDropped manner) {
  const bool is_reset = manner == WhenDropped::abort;
  Engine::current().set_end_on_close(
      channel->fd(), is_reset ? engine::EndOnClose::reset : engine::EndOnClose::orderly);
}

/// Set in the kernel at once, because the program may end before the stream does.
void Stream::State::note_cut_off() {
  written = Written::failed;
  if (when_dropped == WhenDropped::abort || !channel->is_open()) return;
  when_dropped = WhenDropped::abort;
  set_end(WhenDropped::abort);
}

Error Stream::State::note_end(Error error) {
  // Receiving may go on after a drain, and then the stream ends in another way.
  if (!end || end->kind == ErrorKind::draining) end = std::make_unique<Error>(error);
  return error;
}

Error Stream::State::receive_error(int code) {
  Error error = code == 0 ? Error{ErrorKind::closed, 0, kReadFrom, {}, {}, {}}
                          : engine::operation_error(code, kReadFrom);
  if (layer && code == net::LayerCodec::kFailed) error = layer->failure();
  error.endpoint = peer.to_string();
  return note_end(std::move(error));
}

Error Stream::State::send_error(int code) {
  was_reset |= code == -ECONNRESET;
  note_cut_off();
  Error error = engine::operation_error(code, kWriteTo);
  if (layer && code == net::LayerCodec::kFailed) error = layer->failure();
  error.endpoint = peer.to_string();
  return note_end(std::move(error));
}

int Stream::State::perform_receive(engine::Receive& receive, Deadline deadline) {
  // The kernel reports a reset only once, to the first call that asks, and later reports an orderly
  // end.
  if (read_end <= 0) return read_end;
  int result =
      layer ? receive_through(receive, deadline) : Engine::current().perform(receive, deadline);
  if (result == 0 && was_reset) result = -ECONNRESET;
  const bool is_end =
      result == 0 || (result < 0 && !engine::is_end_code(result) && result != -ENOBUFS);
  if (is_end) read_end = result;
  return result;
}

/// The peer has the write timeout for each chunk. Taking a small part of the chunk does not restart
/// the timeout.
int Stream::State::perform_send(engine::Operation& send, std::size_t wanted_bytes,
                                WhenEnded when_ended) {
  Engine& engine = Engine::current();
  // Tries once more after the deadline, because the peer may have made room in the meantime.
  const Deadline until = write_deadline.start(engine.timeout_start(), options.timeouts.write);
  const int result = engine.perform(send, until);
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  const bool is_given_up = result < 0 && when_ended == WhenEnded::fails;
  write_deadline.note(sent, is_given_up || sent == wanted_bytes);
  return result;
}

Result<std::size_t> Stream::State::write_pieces(std::span<iovec> pieces, std::size_t total_bytes) {
  note_written(Written::partly);
  int result = 0;
  if (layer) {
    result = send_through(pieces);
    if (result >= 0) result = static_cast<int>(total_bytes);
  } else {
    engine::SendVectored send(*channel, pieces);
    result = perform_send(send, total_bytes);
  }
  if (result < 0) return fail(send_error(result));
  show_sent(pieces, static_cast<std::size_t>(result));
  return static_cast<std::size_t>(result);
}

std::size_t Stream::State::send_some(std::span<const Bytes> pieces, Waits waits) {
  std::array<iovec, kPiecesMax> vectors;
  const std::size_t count = std::min(pieces.size(), kPiecesMax);
  std::size_t total = 0;
  std::ranges::transform(pieces.first(count), vectors.begin(), [&](Bytes piece) {
    total += piece.size();
    return iovec{const_cast<std::byte*>(piece.data()), piece.size()};
  });
  if (total == 0) return 0;
  const std::span batch = std::span(vectors).first(count);
  engine::SendVectored send(*channel, batch);
  const int result = waits == Waits::never ? Engine::current().attempt(send)
                                           : perform_send(send, total, WhenEnded::goes_on);
  // The kernel reports a reset only once.
  was_reset |= result == -ECONNRESET;
  // If there is an error, the next write reports it.
  if (result <= 0) return 0;
  const auto sent = static_cast<std::size_t>(result);
  show_sent(batch, sent);
  note_written(sent == total ? Written::whole : Written::partly);
  return sent;
}

void Stream::State::show_sent(std::span<const iovec> pieces, std::size_t sent) const {
  for (const iovec& piece : pieces) {
    if (options.tap == nullptr || sent == 0) return;
    const Bytes bytes(static_cast<const std::byte*>(piece.iov_base), std::min(sent, piece.iov_len));
    options.tap->sent(peer, bytes);
    sent -= bytes.size();
  }
}

}  // namespace hotline
