#include "hotline/net/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "core/check.h"
#include "core/replaceable.h"
#include "engine/engine.h"
#include "engine/operations/accept.h"
#include "hotline/net/target.h"
#include "net/bind.h"
#include "net/socket.h"
#include "net/stream_access.h"
#include "net/transport_row.h"

namespace hotline {

using engine::Channel;
using engine::Engine;

struct Listener::State {
  /// What all listeners at one endpoint use for TLS.
  struct SharedTls {
    SharedTls(TlsOptions given, Tls made)
        : options(std::move(given)), current(std::make_shared<const Tls>(std::move(made))) {}

    const TlsOptions options;
    Replaceable<Tls> current;
  };

  std::unique_ptr<Channel> channel;
  Endpoint endpoint;
  StreamOptions stream;
  SocketOptions socket;
  std::shared_ptr<SharedTls> tls;  ///< Null without TLS.
  net::BoundPath path;
  std::shared_ptr<net::InheritedMode> mode;

  State(net::BoundSocket bound, const StreamOptions& stream_options,
        const SocketOptions& socket_options)
      : channel(std::move(bound.channel)),
        endpoint(std::move(bound.endpoint)),
        stream(stream_options),
        socket(socket_options),
        path(std::move(bound.path)),
        mode(std::move(bound.mode)) {}

  /// Returns a listener over another socket with the same settings.
  Listener beside(net::BoundSocket other) const {
    auto state = std::make_unique<State>(std::move(other), stream, socket);
    state->tls = tls;
    return Listener(std::move(state));
  }
};

namespace {

// A system that always fails in this way, for example because of a system call filter, must not
// keep a core busy.
constexpr int kFailuresMax = 8;

// Errors that belong to the connection, so that the next accept may succeed: accept(2), "Error
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

/// Resets a connection if an exception leaves the scope before it has an owner, because an orderly
/// end would look like an empty reply. The descriptor must be open until then.
class ResetOnException {
 public:
  explicit ResetOnException(int fd) : fd_(fd) {}
  ResetOnException(const ResetOnException&) = delete;
  ResetOnException& operator=(const ResetOnException&) = delete;
  ~ResetOnException() {
    if (std::uncaught_exceptions() == exceptions_before_) return;
    Engine::current().set_end_on_close(fd_, engine::EndOnClose::reset);
  }

 private:
  int fd_;
  int exceptions_before_ = std::uncaught_exceptions();
};

}  // namespace

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Result<Stream> Listener::accept(Deadline deadline, AcceptAhead ahead) {
  check_use(state_ != nullptr, "a Listener that was moved from is used");
  Engine& engine = Engine::current();
  int failures = 0;
  for (;;) {
    engine::Accept accept(*state_->channel, ahead == AcceptAhead::allowed
                                                ? engine::Accept::Ahead::allowed
                                                : engine::Accept::Ahead::none);
    const int fd = engine.perform(accept, deadline);
    if (fd < 0 && is_of_connection(fd) && ++failures < kFailuresMax) continue;
    if (fd < 0) {
      return fail(engine::operation_error(fd, "accept a caller on", state_->endpoint.to_string()));
    }
    UniqueFd caller(fd);
    std::unique_ptr<Channel> channel;
    const ResetOnException guard(fd);
    channel = std::make_unique<Channel>(std::move(caller));
    channel->call_wait.allow();
    SocketAddress peer;
    // It has no address any more if the caller has reset the connection in the meantime.
    if (engine.peer_address(fd, peer) < 0) continue;
    // A UNIX socket takes no sizes from its listener, as a TCP one does.
    if (has_path(state_->endpoint.transport())) net::set_buffer_sizes(*channel, state_->socket);
    Stream stream = net::StreamAccess::over(
        std::move(channel), Endpoint::of_address(state_->endpoint.transport(), peer),
        state_->stream);
    if (state_->tls) discard(stream.add_layer(state_->tls->current.get()->make_layer()));
    return stream;
  }
}

const Endpoint& Listener::endpoint() const { return state_->endpoint; }

Result<Listener> Listener::share() const {
  const int fd = Engine::current().duplicate(state_->channel->fd());
  if (fd < 0) {
    return fail(engine::operation_error(fd, "share the listener on", state_->endpoint.to_string()));
  }
  net::BoundSocket again{
      std::make_unique<Channel>(UniqueFd(fd)), state_->endpoint, {}, {}, state_->mode};
  return state_->beside(std::move(again));
}

Result<Listener> Listener::share_port() const {
  const Endpoint& endpoint = state_->endpoint;
  if (!has_port(endpoint.transport())) {
    return fail(make_error(ErrorKind::unsupported, "share the port of", endpoint.to_string(),
                           "it has none"));
  }
  auto bound =
      net::bind_beside(*state_->channel, endpoint, net::SocketKind::stream, state_->socket);
  if (!bound) return fail(std::move(bound.error()));
  return state_->beside(std::move(*bound));
}

Result<Reloaded> Listener::read_again() const {
  check_use(state_ != nullptr, "a Listener that was moved from is used");
  if (!state_->tls) return [] {};
  auto read = Tls::server(state_->tls->options);
  if (!read) return fail(std::move(read.error()));
  return [tls = state_->tls, read = std::make_shared<const Tls>(std::move(*read))] {
    tls->current.set(read);
  };
}

void Listener::leave_loop() { state_->channel->withdraw(); }

void Listener::close() {
  // While the socket is open, other servers do not consider its path abandoned.
  state_->path.remove();
  state_->channel->close();
  state_->mode.reset();
}

Result<Listener> listen(const Endpoint& endpoint, const ListenOptions& options) {
  if (is_datagram(endpoint.transport())) {
    return fail(make_error(
        ErrorKind::unsupported, "listen on", endpoint.to_string(),
        "datagrams have no callers to accept",
        "use " + net::list_transports(net::SocketKind::stream, "or") + ", or bind_datagrams"));
  }
  std::shared_ptr<Listener::State::SharedTls> tls;
  if (is_protected(endpoint.transport())) {
    auto made = Tls::server(options.tls);
    if (!made) return fail(net::name_endpoint(std::move(made.error()), "listen on", endpoint));
    tls = std::make_shared<Listener::State::SharedTls>(options.tls, std::move(*made));
  }
  auto bound = net::bind_socket(endpoint, net::SocketKind::stream, options.socket);
  if (!bound) return fail(std::move(bound.error()));
  auto state = std::make_unique<Listener::State>(std::move(*bound), options.stream, options.socket);
  state->tls = std::move(tls);
  if (options.socket.receive_max) state->stream.receive_max = options.socket.receive_max;
  return Listener(std::move(state));
}

Result<Listener> listen(std::string_view uri, ListenOptions options) {
  auto target = Target::parse(uri, options.socket, nullptr, Side::server);
  if (!target) return fail(std::move(target.error()));
  options.socket = std::move(target->socket);
  if (target->tls != TlsFiles()) options.tls.files = std::move(target->tls);
  return listen(target->endpoint, options);
}

}  // namespace hotline
