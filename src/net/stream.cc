#include "hotline/net/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

#include "core/check.h"
#include "engine/engine.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "net/adopted_socket.h"
#include "net/stream_access.h"
#include "net/stream_state.h"

namespace hotline {
namespace {

using engine::Engine;

// One wait for the peer to take bytes covers at most this many, so that the write timeout limits
// progress, not the whole write.
constexpr std::size_t kWriteChunkBytes = net::ProgressDeadline::kChunkBytes;

constexpr std::string_view kMovedFrom =
    "a Stream that was moved from is used: use the one that it was moved to";

}  // namespace

Stream::Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Result<Stream> Stream::adopt(UniqueFd socket, const StreamOptions& options) {
  auto adopted = net::adopt_socket(std::move(socket));
  if (!adopted) return fail(std::move(adopted.error()));
  return net::StreamAccess::over(std::move(adopted->channel), std::move(adopted->peer), options);
}

Result<MutableBytes> Stream::receive() {
  check_use(state_ != nullptr, kMovedFrom);
  State& state = *state_;
  engine::Channel& channel = *state.channel;
  Engine& engine = Engine::current();
  if (state.arrived().unread.empty()) {
    // The lease ends before the wait, so that an idle stream holds no buffer.
    state.end_lease(engine);
    engine::Receive receive(channel, engine);
    const int result = state.perform_receive(receive, state.read_deadline(engine.timeout_start()));
    if (result <= 0) return fail(state.receive_error(result));
    state.lease(std::move(receive.buffer));
  }
  return state.take_unread();
}

Result<MutableBytes> Stream::receive(Deadline deadline) {
  check_use(state_ != nullptr, kMovedFrom);
  State& state = *state_;
  engine::Channel& channel = *state.channel;
  if (!state.arrived().unread.empty()) return state.take_unread();
  Engine& engine = Engine::current();
  state.end_lease(engine);
  if (state.read_end <= 0) return fail(state.receive_error(state.read_end));
  engine::Receive receive(channel, engine);
  const Deadline until = Deadline::earliest(deadline, state.read_deadline(engine.timeout_start()));
  const int result = state.perform_receive(receive, until);
  const bool is_due = result == -engine::kDeadlineEnd || result == -ENOBUFS;
  // Another deadline that ends the wait earlier is a failure.
  if (is_due && deadline.has_passed(engine.now())) return MutableBytes();
  if (result <= 0) return fail(state.receive_error(result));
  state.lease(std::move(receive.buffer));
  return state.take_unread();
}

Result<MutableBytes> Stream::receive_now() {
  return receive(Deadline::at(Engine::current().now()));
}

Result<std::size_t> Stream::read_some(MutableBytes into, Deadline deadline) {
  check_use(state_ != nullptr, kMovedFrom);
  check_use(!into.empty(), "a stream is read into no bytes: that would look like its end");
  State& state = *state_;
  engine::Channel& channel = *state.channel;
  std::size_t taken = 0;
  if (MutableBytes& unread = state.arrived().unread; !unread.empty()) {
    taken = std::min(unread.size(), into.size());
    std::copy_n(unread.begin(), taken, into.begin());
    unread = unread.subspan(taken);
  } else {
    Engine& engine = Engine::current();
    state.end_lease(engine);
    engine::Receive receive(channel, engine, into);
    const Deadline until =
        Deadline::earliest(deadline, state.read_deadline(engine.timeout_start()));
    const int result = state.perform_receive(receive, until);
    const bool is_due = result == -engine::kDeadlineEnd || result == -ENOBUFS;
    // Another deadline that ends the wait earlier is a failure.
    if (is_due && deadline.has_passed(engine.now())) return 0;
    if (result <= 0) return fail(state.receive_error(result));
    state.has_received = true;
    taken = static_cast<std::size_t>(result);
  }
  if (state.options.tap != nullptr) state.options.tap->received(state.peer, into.first(taken));
  return taken;
}

Result<void> Stream::read_exact(MutableBytes into) {
  bool has_some = false;
  while (!into.empty()) {
    const auto taken = read_some(into);
    if (!taken) {
      Error error = taken.error();
      if (!has_some || error.kind != ErrorKind::closed) return fail(std::move(error));
      error.kind = ErrorKind::truncated;
      if (state_->end->kind == ErrorKind::closed) *state_->end = error;
      return fail(std::move(error));
    }
    has_some = true;
    into = into.subspan(*taken);
  }
  return {};
}

Result<std::size_t> Stream::write_some(Bytes bytes) {
  check_use(state_ != nullptr, kMovedFrom);
  if (bytes.empty()) return 0;
  return state_->write_first(bytes, net::LayerCodec::kRecordBytes);
}

Result<std::size_t> Stream::State::write_first(Bytes bytes, std::size_t layer_max) {
  note_written(Written::partly);
  int result = 0;
  if (layer) {
    result = send_through(bytes.first(std::min(bytes.size(), layer_max)));
  } else {
    const Bytes chunk = bytes.first(std::min(bytes.size(), kWriteChunkBytes));
    engine::Send send(*channel, chunk);
    result = perform_send(send, chunk.size());
  }
  if (result < 0) return fail(send_error(result));
  const auto sent = static_cast<std::size_t>(result);
  if (sent == bytes.size()) note_written(Written::whole);
  if (options.tap != nullptr) options.tap->sent(peer, bytes.first(sent));
  return sent;
}

Result<void> Stream::write_all(Bytes bytes) {
  check_use(state_ != nullptr, kMovedFrom);
  while (!bytes.empty()) {
    auto sent = state_->write_first(bytes, net::LayerCodec::kEncodedMax);
    if (!sent) return fail(std::move(sent.error()));
    bytes = bytes.subspan(*sent);
  }
  return {};
}

std::size_t Stream::write_now(std::span<const Bytes> pieces) {
  State& state = *state_;
  if (state.layer) return state.write_through_now(pieces);
  std::size_t sent = 0;
  while (!pieces.empty()) {
    const auto batch = pieces.first(std::min(pieces.size(), State::kPiecesMax));
    std::size_t wanted = 0;
    for (const Bytes piece : batch) wanted += piece.size();
    const std::size_t taken = state.send_some(batch, State::Waits::never);
    sent += taken;
    if (taken < wanted) {
      if (sent > 0) state.note_written(State::Written::partly);
      break;
    }
    pieces = pieces.subspan(batch.size());
  }
  return sent;
}

Result<void> Stream::write_all(std::span<const Bytes> pieces) {
  std::size_t skipped = 0;  // How much of the first piece has been written.
  bool has_written = false;
  while (!pieces.empty()) {
    std::array<iovec, State::kPiecesMax> batch;
    std::size_t count = 0;
    std::size_t total = 0;
    for (const Bytes piece : pieces.first(std::min(pieces.size(), State::kPiecesMax))) {
      const Bytes rest = piece.subspan(count == 0 ? skipped : 0);
      const std::size_t size = std::min(rest.size(), kWriteChunkBytes - total);
      batch[count++] = {const_cast<std::byte*>(rest.data()), size};
      total += size;
      if (size < rest.size()) break;
    }
    std::size_t sent = 0;
    if (total > 0) {
      auto written = state_->write_pieces(std::span(batch).first(count), total);
      if (!written) return fail(std::move(written.error()));
      sent = *written;
      has_written = true;
    }
    sent += skipped;
    while (!pieces.empty() && sent >= pieces.front().size()) {
      sent -= pieces.front().size();
      pieces = pieces.subspan(1);
    }
    skipped = sent;
  }
  if (has_written) state_->note_written(State::Written::whole);
  return {};
}

Result<void> Stream::shut_down_writes() {
  constexpr std::string_view kOperation = "end the writes to";
  if (state_->written != State::Written::whole) {
    return fail(make_error(ErrorKind::truncated, kOperation, state_->peer.to_string(),
                           "the last write was cut off"));
  }
  if (state_->layer) {
    if (auto ended = state_->write_end(); !ended) return ended;
  }
  const int result = Engine::current().shut_down(state_->channel->fd(), SHUT_WR);
  if (result < 0) {
    return fail(engine::operation_error(result, kOperation, state_->peer.to_string()));
  }
  return {};
}

void Stream::close() {
  if (state_->written != State::Written::whole) return abort();
  when_dropped(WhenDropped::close);
  state_->end_layer();
  state_->channel->close();
}

void Stream::abort() {
  if (!state_->channel->is_open()) return;
  state_->set_end(WhenDropped::abort);
  state_->channel->close();
}

void Stream::when_dropped(WhenDropped wanted) {
  const bool is_settled = state_->written == State::Written::failed;
  if (!state_->channel->is_open() || wanted == state_->when_dropped || is_settled) return;
  state_->set_end(wanted);
  state_->when_dropped = wanted;
}

std::optional<Error> Stream::end_reason() const {
  return state_->end ? std::optional(*state_->end) : std::nullopt;
}

bool Stream::ended_with(ErrorKind kind) const { return state_->end && state_->end->kind == kind; }

bool Stream::is_open() const { return state_ != nullptr && state_->channel->is_open(); }

const Endpoint& Stream::peer() const { return state_->peer; }

Endpoint Stream::local() const {
  SocketAddress address;
  Engine::current().local_address(state_->channel->fd(), address);
  return Endpoint::of_address(state_->peer.transport(), address);
}

int Stream::descriptor() const {
  engine::Channel& channel = *state_->channel;
  channel.call_wait.forbid(channel.fd());
  return channel.fd();
}

void Stream::leave_loop() { state_->channel->withdraw(); }

Result<void> Stream::add_layer(std::unique_ptr<StreamLayer> layer) {
  check_use(layer != nullptr, "a stream layer is null");
  if (state_->layer) {
    return fail(make_error(ErrorKind::unsupported, "add a layer to", state_->peer.to_string(),
                           "the stream has a layer already"));
  }
  state_->layer = std::make_unique<net::LayerCodec>(std::move(layer), *state_->channel);
  return {};
}

Result<void> Stream::handshake() {
  State& state = *state_;
  if (!state.layer || state.layer->is_open()) return {};
  const int opened = state.open_layer(state.read_deadline(Engine::current().now()));
  if (opened < 0) return fail(state.receive_error(opened));
  return {};
}

std::optional<Identity> Stream::identity() const {
  return state_->layer ? state_->layer->layer().identity() : std::nullopt;
}

std::optional<Secret> Stream::channel_binding() const {
  return state_->layer ? state_->layer->layer().channel_binding() : std::nullopt;
}

bool Stream::is_protected() const { return state_->layer && state_->layer->layer().is_protected(); }

bool Stream::has_unread() const { return state_->has_unread(); }

void Stream::set_timeouts(const StreamTimeouts& timeouts) { state_->options.timeouts = timeouts; }

}  // namespace hotline
