#include "hotline/net/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "engine/engine.h"
#include "engine/operations/accept.h"
#include "net/bind.h"
#include "net/socket.h"

namespace hotline {

using engine::Channel;
using engine::Engine;

struct Listener::State {
  std::unique_ptr<Channel> channel;
  Endpoint endpoint;
  StreamOptions stream;
  net::BoundPath path;
};

namespace {

// What the connection itself brought with it, and the next accept will not: accept(2), "Error
// handling".
bool is_of_connection(int code) {
  switch (-code) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM: return true;
    default: return false;
  }
}

}  // namespace

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Result<Stream> Listener::accept(Deadline deadline, AcceptAhead ahead) {
  Engine& engine = Engine::current();
  int fd = -EAGAIN;
  while (fd < 0) {
    engine::Accept accept(*state_->channel, ahead == AcceptAhead::allowed
                                                ? engine::Accept::Ahead::allowed
                                                : engine::Accept::Ahead::none);
    fd = engine.perform(accept, deadline);
    if (fd < 0 && !is_of_connection(fd)) {
      return fail(engine::operation_error(fd, "accept a caller on",
                                          state_->endpoint.format_without_options()));
    }
  }
  auto channel = std::make_unique<Channel>(UniqueFd(fd));
  SocketAddress peer;
  engine.peer_address(fd, peer);
  return Stream::over(std::move(channel), Endpoint::of_address(state_->endpoint.transport(), peer),
                      state_->stream);
}

const Endpoint& Listener::endpoint() const { return state_->endpoint; }

Result<Listener> Listener::share() const {
  const int fd = Engine::current().duplicate(state_->channel->fd());
  if (fd < 0) {
    return fail(engine::operation_error(fd, "share the listener on",
                                        state_->endpoint.format_without_options()));
  }
  auto state = std::make_unique<State>();
  state->channel = std::make_unique<Channel>(UniqueFd(fd));
  state->endpoint = state_->endpoint;
  state->stream = state_->stream;
  return Listener(std::move(state));
}

void Listener::leave_loop() { state_->channel->withdraw(); }

void Listener::close() {
  state_->channel->close();
  state_->path.remove();
}

Result<Listener> listen(const Endpoint& endpoint, const ListenOptions& options) {
  if (is_datagram(endpoint.transport())) {
    return fail(make_error(ErrorKind::unsupported, "listen on", endpoint.format_without_options(),
                           "datagrams have no callers to accept",
                           "use tcp or unix, or bind_datagrams"));
  }
  auto bound = net::bind_socket(endpoint, SOCK_STREAM, options.socket, options.sharing);
  if (!bound) return fail(std::move(bound.error()));
  // Accepted sockets inherit these, which saves every connection the calls.
  net::prepare_stream(*bound->channel, bound->endpoint.transport());
  const int listening = Engine::current().listen(bound->channel->fd(), options.socket.backlog);
  if (listening < 0) {
    return fail(engine::operation_error(listening, "listen on", endpoint.format_without_options()));
  }
  auto state = std::make_unique<Listener::State>();
  state->channel = std::move(bound->channel);
  state->endpoint = std::move(bound->endpoint);
  state->stream = options.stream;
  state->path = std::move(bound->path);
  if (options.socket.receive_max != 0) state->stream.receive_max = options.socket.receive_max;
  return Listener(std::move(state));
}

Result<Listener> listen(std::string_view uri, ListenOptions options) {
  const auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return fail(endpoint.error());
  OptionTaker taker(*endpoint);
  auto socket = SocketOptions::take_from(taker);
  if (!socket) return fail(std::move(socket.error()));
  if (auto finished = taker.finish(); !finished) return fail(std::move(finished.error()));
  options.socket = std::move(*socket);
  return listen(*endpoint, options);
}

}  // namespace hotline
