#include "net/stream_access.h"

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

void StreamAccess::note_cut_off(Stream& stream) { stream.state_->note_cut_off(); }

void StreamAccess::watch(Stream& stream, engine::ReadWatch& watch) {
  engine::Channel& channel = *stream.state_->channel;
  if (!channel.unread.empty() || stream.state_->read_end <= 0) return watch.ready();
  // No fiber reads, so the lease ends here, as before any other wait.
  EventLoop& loop = *EventLoop::running();
  if (channel.lease) loop.recycle(std::exchange(channel.lease, {}));
  loop.watch(channel, watch);
}

void StreamAccess::unwatch(Stream& stream) {
  EventLoop::running()->unwatch(*stream.state_->channel);
}

}  // namespace hotline::net
