#include "net/stream_access.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/event_loop.h"
#include "net/stream_state.h"

namespace hotline::net {

using engine::EventLoop;

Stream StreamAccess::over(std::unique_ptr<engine::Channel>&& channel, Endpoint peer,
                          StreamOptions options) {
  auto state = std::make_unique<Stream::State>();
  state->channel = std::move(channel);
  state->peer = std::move(peer);
  state->options = options;
  return Stream(std::move(state));
}

const Error* StreamAccess::end_of(const Stream& stream) { return stream.state_->end.get(); }

void StreamAccess::note_cut_off(Stream& stream) { stream.state_->note_cut_off(); }

void StreamAccess::give_back(Stream& stream, Bytes begun, MutableBytes rest) {
  const Stream::State::Arrived arrived = stream.state_->arrived();
  const MutableBytes unread = arrived.unread;
  const MutableBytes lease = arrived.lease.memory();
  const std::byte* const end = rest.data() + rest.size();
  const bool is_of_lease = std::greater_equal<>()(rest.data(), lease.data()) &&
                           std::less_equal<>()(end, lease.data() + lease.size());
  const bool is_next = is_of_lease && (unread.empty() || unread.data() == end);
  if (begun.empty() && is_next) {
    arrived.unread = {rest.data(), rest.size() + unread.size()};
    return;
  }
  const std::size_t size = begun.size() + rest.size() + unread.size();
  if (size == unread.size()) return;
  engine::Buffer buffer(size);
  auto into = buffer.memory().begin();
  for (const Bytes part : {begun, Bytes(rest), Bytes(unread)}) {
    into = std::copy(part.begin(), part.end(), into);
  }
  arrived.unread = buffer.memory();
  engine::Engine::current().recycle(std::exchange(arrived.lease, std::move(buffer)));
}

void StreamAccess::watch(Stream& stream, engine::ReadWatch& watch) {
  engine::Channel& channel = *stream.state_->channel;
  if (stream.state_->has_unread()) return watch.ready();
  // No fiber reads, so the lease ends here, as before any other wait.
  EventLoop& loop = *EventLoop::running();
  stream.state_->end_lease(loop);
  loop.watch(channel, watch);
}

bool StreamAccess::has_layer(const Stream& stream) { return stream.state_->layer != nullptr; }

std::size_t StreamAccess::write_some(Stream& stream, std::span<const Bytes> pieces) {
  return stream.state_->send_some(pieces, Stream::State::Waits::for_room);
}

bool StreamAccess::has_unsent(const Stream& stream) {
  return stream.state_->layer && !stream.state_->layer->outgoing.empty();
}

Result<void> StreamAccess::send_unsent(Stream& stream) {
  if (!has_unsent(stream)) return {};
  const int sent = stream.state_->flush();
  if (sent < 0) return fail(stream.state_->send_error(sent));
  return {};
}

void StreamAccess::forget_layer(Stream& stream) { stream.state_->layer.reset(); }

void StreamAccess::unwatch(Stream& stream) {
  EventLoop::running()->unwatch(*stream.state_->channel);
}

}  // namespace hotline::net
