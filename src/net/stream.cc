#include "hotline/net/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

#include "engine/event_loop.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "net/progress_deadline.h"

namespace hotline {
namespace {

using engine::Engine;

// One wait for the peer to take bytes covers at most this many, so that the write timeout limits
// progress, not the whole write.
constexpr std::size_t kWriteChunkBytes = net::ProgressDeadline::kChunkBytes;

// The pieces of one vectored write: well below IOV_MAX, small on a fiber's stack.
constexpr std::size_t kPiecesMax = 16;

constexpr std::string_view kReceiveFrom = "receive from";
constexpr std::string_view kSendTo = "send to";

}  // namespace

struct Stream::State {
  /// How far the last write got.
  enum class Written : std::uint8_t {
    whole,
    partly,  ///< So far: it is under way, or has left a rest.
    failed,  ///< For good.
  };

  ~State() {
    if (written == Written::partly && channel->is_open()) set_end(WhenDropped::abort);
  }

  std::unique_ptr<engine::Channel> channel;
  Endpoint peer;
  StreamOptions options;
  std::unique_ptr<Error> end;  ///< Most streams never have one for long.
  net::ProgressDeadline write_deadline;
  bool has_received = false;
  bool was_reset = false;  ///< A write was told so.
  Written written = Written::whole;
  WhenDropped when_dropped = WhenDropped::close;
  int read_end = 1;  ///< How the peer ended: 0 or a negated errno; 1 if it has not.

  Deadline read_deadline(Instant now) const {
    return Deadline::after(now, has_received ? options.timeouts.idle : options.timeouts.first_byte);
  }

  std::size_t piece_max() const {
    return options.receive_max == 0 ? SIZE_MAX : options.receive_max;
  }

  int perform_receive(engine::Receive& receive, Deadline deadline);
  int perform_send(engine::Operation& send, std::size_t wanted_bytes);
  void set_end(WhenDropped manner);
  Error note_end(Error error);
  Error receive_error(int code);
  Error send_error(int code) {
    was_reset |= code == -ECONNRESET;
    note_cut_off();
    return note_end(engine::operation_error(code, kSendTo, peer.to_string()));
  }
  void note_written(Written now) {
    if (written != Written::failed) written = now;
  }
  void note_cut_off();
  Result<std::size_t> write_pieces(std::span<iovec> pieces, std::size_t total_bytes);
  void show_sent(std::span<const iovec> pieces, std::size_t sent) const;
  void lease(engine::Buffer buffer);
  MutableBytes take_unread();
};

/// What closing the descriptor does, whoever closes it.
void Stream::State::set_end(WhenDropped manner) {
  const bool is_reset = manner == WhenDropped::abort;
  Engine::current().set_end_on_close(
      channel->fd(), is_reset ? engine::EndOnClose::reset : engine::EndOnClose::orderly);
}

/// Told to the kernel at once: the program may end before the stream does.
void Stream::State::note_cut_off() {
  written = Written::failed;
  if (when_dropped == WhenDropped::abort || !channel->is_open()) return;
  when_dropped = WhenDropped::abort;
  set_end(WhenDropped::abort);
}

Stream::Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Stream Stream::over(std::unique_ptr<engine::Channel>&& channel, Endpoint peer,
                    StreamOptions options) {
  auto state = std::make_unique<State>();
  state->channel = std::move(channel);
  state->peer = std::move(peer);
  state->options = options;
  return Stream(std::move(state));
}

Error Stream::State::note_end(Error error) {
  if (!end) end = std::make_unique<Error>(error);
  return error;
}

Error Stream::State::receive_error(int code) {
  Error error = code == 0 ? Error{ErrorKind::closed, 0, kReceiveFrom, {}, {}, {}}
                          : engine::operation_error(code, kReceiveFrom);
  error.endpoint = peer.to_string();
  return note_end(std::move(error));
}

int Stream::State::perform_receive(engine::Receive& receive, Deadline deadline) {
  // The kernel tells of a reset once, to whoever asks first, and of an orderly end after it.
  if (read_end <= 0) return read_end;
  int result = Engine::current().perform(receive, deadline);
  if (result == 0 && was_reset) result = -ECONNRESET;
  const bool is_end =
      result == 0 || (result < 0 && !engine::is_end_code(result) && result != -ENOBUFS);
  if (is_end) read_end = result;
  return result;
}

Result<MutableBytes> Stream::receive() {
  State& state = *state_;
  engine::Channel& channel = *state.channel;
  Engine& engine = Engine::current();
  if (channel.unread.empty()) {
    // The lease ends before the wait, so that an idle stream holds no buffer.
    if (channel.lease) engine.recycle(std::exchange(channel.lease, {}));
    engine::Receive receive(channel, engine);
    const int result = state.perform_receive(receive, state.read_deadline(engine.now()));
    if (result <= 0) return fail(state.receive_error(result));
    state.lease(std::move(receive.buffer));
  }
  return state.take_unread();
}

Result<MutableBytes> Stream::receive_now() {
  State& state = *state_;
  engine::Channel& channel = *state.channel;
  if (!channel.unread.empty()) return state.take_unread();
  Engine& engine = Engine::current();
  if (channel.lease) engine.recycle(std::exchange(channel.lease, {}));
  if (state.read_end <= 0) return fail(state.receive_error(state.read_end));
  engine::Receive receive(channel, engine);
  const int result = state.perform_receive(receive, Deadline::at(engine.now()));
  if (result == -engine::kDeadlineEnd || result == -ENOBUFS) return MutableBytes();
  if (result <= 0) return fail(state.receive_error(result));
  state.lease(std::move(receive.buffer));
  return state.take_unread();
}

void Stream::State::lease(engine::Buffer buffer) {
  has_received = true;
  channel->unread = buffer.memory().first(buffer.filled());
  channel->lease = std::move(buffer);
}

/// As much of the lease as one receive may give.
MutableBytes Stream::State::take_unread() {
  const MutableBytes piece = channel->unread.first(std::min(channel->unread.size(), piece_max()));
  channel->unread = channel->unread.subspan(piece.size());
  if (options.tap != nullptr) options.tap->received(peer, piece);
  return piece;
}

Result<std::size_t> Stream::read_some(MutableBytes into) {
  assert(!into.empty());
  State& state = *state_;
  engine::Channel& channel = *state.channel;
  std::size_t taken = 0;
  if (!channel.unread.empty()) {
    taken = std::min(channel.unread.size(), into.size());
    std::copy_n(channel.unread.begin(), taken, into.begin());
    channel.unread = channel.unread.subspan(taken);
  } else {
    Engine& engine = Engine::current();
    if (channel.lease) engine.recycle(std::exchange(channel.lease, {}));
    engine::Receive receive(channel, engine, into);
    const int result = state.perform_receive(receive, state.read_deadline(engine.now()));
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
  if (bytes.empty()) return 0;
  State& state = *state_;
  const Bytes chunk = bytes.first(std::min(bytes.size(), kWriteChunkBytes));
  engine::Send send(*state.channel, chunk);
  state.note_written(State::Written::partly);
  const int result = state.perform_send(send, chunk.size());
  if (result < 0) return fail(state.send_error(result));
  const auto sent = static_cast<std::size_t>(result);
  if (sent == bytes.size()) state.note_written(State::Written::whole);
  if (state.options.tap != nullptr) state.options.tap->sent(state.peer, bytes.first(sent));
  return sent;
}

Result<void> Stream::write_all(Bytes bytes) {
  while (!bytes.empty()) {
    auto sent = write_some(bytes);
    if (!sent) return fail(std::move(sent.error()));
    bytes = bytes.subspan(*sent);
  }
  return {};
}

/// The peer has the write timeout for each chunk, in however many parts it takes it: one that takes
/// a little again and again does not begin anew.
int Stream::State::perform_send(engine::Operation& send, std::size_t wanted_bytes) {
  Engine& engine = Engine::current();
  // A time that is over allows a try still: the peer may have taken everything meanwhile.
  const Deadline until = write_deadline.start(engine.now(), options.timeouts.write);
  const int result = engine.perform(send, until);
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  write_deadline.note(sent, result < 0 || sent == wanted_bytes);
  return result;
}

Result<std::size_t> Stream::State::write_pieces(std::span<iovec> pieces, std::size_t total_bytes) {
  engine::SendVectored send(*channel, pieces);
  note_written(Written::partly);
  const int result = perform_send(send, total_bytes);
  if (result < 0) return fail(send_error(result));
  show_sent(pieces, static_cast<std::size_t>(result));
  return static_cast<std::size_t>(result);
}

void Stream::State::show_sent(std::span<const iovec> pieces, std::size_t sent) const {
  for (const iovec& piece : pieces) {
    if (options.tap == nullptr || sent == 0) return;
    const Bytes bytes(static_cast<const std::byte*>(piece.iov_base), std::min(sent, piece.iov_len));
    options.tap->sent(peer, bytes);
    sent -= bytes.size();
  }
}

std::size_t Stream::write_now(std::span<const Bytes> pieces) {
  State& state = *state_;
  std::size_t sent = 0;
  bool is_all = true;
  while (!pieces.empty() && is_all) {
    std::array<iovec, kPiecesMax> batch;
    const std::size_t count = std::min(pieces.size(), kPiecesMax);
    std::size_t total = 0;
    std::ranges::transform(pieces.first(count), batch.begin(), [&](Bytes piece) {
      total += piece.size();
      return iovec{const_cast<std::byte*>(piece.data()), piece.size()};
    });
    pieces = pieces.subspan(count);
    if (total == 0) continue;
    engine::SendVectored send(*state.channel, std::span(batch).first(count));
    // If there is an error, the next write that may wait reports it.
    const int result = Engine::current().attempt(send);
    is_all = result > 0;
    if (!is_all) break;
    state.show_sent(std::span(batch).first(count), static_cast<std::size_t>(result));
    sent += static_cast<std::size_t>(result);
    is_all = static_cast<std::size_t>(result) == total;
  }
  if (sent > 0) state.note_written(is_all ? State::Written::whole : State::Written::partly);
  return sent;
}

Result<void> Stream::write_all(std::span<const Bytes> pieces) {
  std::size_t skipped = 0;  // How much of the first piece has been written.
  bool has_written = false;
  while (!pieces.empty()) {
    std::array<iovec, kPiecesMax> batch;
    std::size_t count = 0;
    std::size_t total = 0;
    for (const Bytes piece : pieces.first(std::min(pieces.size(), kPiecesMax))) {
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

void Stream::note_cut_off() { state_->note_cut_off(); }

Result<void> Stream::shut_down_writes() {
  constexpr std::string_view kOperation = "end the writes to";
  if (state_->written != State::Written::whole) {
    return fail(make_error(ErrorKind::truncated, kOperation, state_->peer.to_string(),
                           "the last write was cut off"));
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

const Error& Stream::end() const {
  static const Error kNone;
  return state_->end ? *state_->end : kNone;
}

bool Stream::is_open() const { return state_ != nullptr && state_->channel->is_open(); }

const Endpoint& Stream::peer() const { return state_->peer; }

Endpoint Stream::local() const {
  SocketAddress address;
  Engine::current().local_address(state_->channel->fd(), address);
  return Endpoint::of_address(state_->peer.transport(), address);
}

int Stream::descriptor() const { return state_->channel->fd(); }

void Stream::watch(engine::ReadWatch& watch) {
  engine::Channel& channel = *state_->channel;
  if (!channel.unread.empty() || state_->read_end <= 0) return watch.ready();
  // Nobody reads, so the lease ends here, as before any other wait.
  engine::EventLoop& loop = *engine::EventLoop::running();
  if (channel.lease) loop.recycle(std::exchange(channel.lease, {}));
  loop.watch(channel, watch);
}

void Stream::unwatch() { engine::EventLoop::running()->unwatch(*state_->channel); }

void Stream::leave_loop() { state_->channel->withdraw(); }

void Stream::set_timeouts(const StreamTimeouts& timeouts) { state_->options.timeouts = timeouts; }

}  // namespace hotline
