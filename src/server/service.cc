#include "server/service.h"

#include <limits>

#include "engine/descriptor_limit.h"
#include "server/allowed_callers.h"
#include "server/caller_source.h"
#include "server/challenged_calls.h"
#include "server/runner.h"
#include "server/steered_sockets.h"

namespace hotline::server {
namespace {

// Descriptors that are not connections: listeners, rings, logs, what handlers open, and callers
// that a loop's multishot accept may accept before there is room.
constexpr std::size_t kDescriptorReserve = 64;
constexpr std::size_t kDescriptorReserveOfLoop = 32;

std::size_t room_of_descriptors(const ServerOptions& options) {
  const std::size_t descriptors = raise_descriptor_limit();
  const std::size_t reserve = kDescriptorReserve + kDescriptorReserveOfLoop * loop_count(options);
  return descriptors > 2 * reserve ? descriptors - reserve : descriptors / 2;
}

std::size_t room_of(const ServerOptions& options) {
  const Concurrency& concurrency = options.concurrency;
  const std::size_t room = options.limits.connections_max ? *options.limits.connections_max
                                                          : room_of_descriptors(options);
  const bool is_counted = concurrency.kind == Concurrency::Kind::threads ||
                          concurrency.kind == Concurrency::Kind::processes;
  return is_counted ? std::min(room, concurrency.effective_count()) : room;
}

EarlyDrop early_drop_of(const ServerOptions& options) {
  if (options.limits.unauthenticated) return *options.limits.unauthenticated;
  constexpr std::size_t kFewCalls = 64;
  const std::size_t room = room_of(options);
  EarlyDrop limit;
  // So few callers could begin at the same moment by chance: they wait for room instead.
  if (room < kFewCalls) {
    constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
    return {kNever, limit.percent, kNever};
  }
  limit.full = std::min(limit.full, room - room / 4);
  limit.start = std::min(limit.start, limit.full / 4);
  return limit;
}

std::size_t per_peer_of(const ServerOptions& options) {
  const Limits& limits = options.limits;
  return limits.connections_per_peer_max.value_or(std::max<std::size_t>(1, room_of(options) / 4));
}

StreamOptions stream_options(const ServerOptions& options) {
  return {.timeouts = options.timeouts, .receive_max = {}, .tap = options.tap};
}

Result<void> bind_listeners(Service& service, const ServerOptions& options, std::size_t count) {
  if (!service.was_given_bound) {
    TlsOptions tls = options.tls;
    tls.files = tls_files_of(service, options);
    auto first = listen(service.wanted, {service.socket, stream_options(options), std::move(tls)});
    if (!first) return fail(std::move(first.error()));
    service.listeners.push_back(std::move(*first));
  }
  service.bound = service.listeners.front().endpoint();
  const bool is_port = has_port(service.wanted.transport());
  while (service.listeners.size() < count) {
    const Listener& front = service.listeners.front();
    auto another = is_port ? front.share_port() : front.share();
    if (!another) return fail(std::move(another.error()));
    service.listeners.push_back(std::move(*another));
  }
  return {};
}

Result<void> bind_sockets(Service& service, const ServerOptions& options, std::size_t count) {
  if (service.handler.authenticator()) {
    return fail(make_error(ErrorKind::invalid_argument, "serve", service.wanted.to_string(),
                           "datagrams cannot be authenticated as calls are",
                           "use tcp:// or unix:, with ?framing= for messages"));
  }
  if (!service.was_given_bound) {
    auto first = bind_datagrams(service.wanted, {.socket = service.socket, .tap = options.tap});
    if (!first) return fail(std::move(first.error()));
    service.sockets.push_back(std::move(*first));
  }
  service.bound = service.sockets.front().endpoint();
  if (service.handler.is_steered_by_source()) return bind_steered_sockets(service, options);
  // UNIX and inherited sockets cannot be bound twice: the first loop has them.
  if (service.wanted.transport() != Transport::udp) return {};
  while (service.sockets.size() < count) {
    auto another = service.sockets.front().share_port();
    if (!another) return fail(std::move(another.error()));
    service.sockets.push_back(std::move(*another));
  }
  return {};
}

}  // namespace

ServerState::ServerState(const ServerOptions& given)
    : options(given),
      admission(room_of(given), per_peer_of(given)),
      unauthenticated(early_drop_of(given), draw_from_engine),
      penalties(given.penalties),
      message_memory(options.limits.message_memory_max) {}

void ServerState::note_call_done() {
  if (options.calls == CallCount::one) drain_server();
}

std::optional<std::string> ServerState::source_to_penalise(const Endpoint& peer,
                                                           const Identity* identity) const {
  const PenalisedCallers callers = options.penalties.callers;
  if (callers == PenalisedCallers::none) return std::nullopt;
  if (callers == PenalisedCallers::other_machines && peer.is_local()) return std::nullopt;
  return source_of(peer, identity);
}

bool ServerState::has_plenty_of_room(const Service& service) const {
  const auto backlog =
      static_cast<std::size_t>(service.socket.backlog.value_or(SocketOptions::kBacklogDefault));
  return admission.room_left() > backlog * service.listeners.size();
}

void ServerState::log(LogLevel level, std::string_view message, const std::string& service,
                      const Endpoint* peer, std::string_view detail,
                      const Identity* identity) const noexcept {
  if (options.log == nullptr || !options.log->wants(level)) return;
  try {
    options.log->write({level,
                        message,
                        service,
                        {},
                        peer == nullptr ? "" : peer->to_string(),
                        std::string(detail),
                        identity == nullptr ? "" : identity->to_string()});
  } catch (...) {
    // Without memory the record is dropped, and the caller continues.
  }
}

namespace {

/// Checks what the kernel reports as bound, not what was requested: a name may be any address.
Result<void> check_exposure(const Service& service, const ServerOptions& options) {
  if (options.exposure == Exposure::anywhere) return {};
  if (!service.handler.is_only_local() || !service.bound.is_exposed()) return {};
  const std::string& advice = service.handler.only_local_advice();
  return fail(make_error(
      ErrorKind::permission_denied, "serve", service.bound.to_string(),
      "other machines could call '" + service.name + "', and the connection is not protected",
      advice.empty() ? "listen on tls://, or on 127.0.0.1, ::1 or unix:" : advice));
}

Result<void> check_task(const Service& service, const ServerOptions& options) {
  const bool is_apart = options.concurrency.kind == Concurrency::Kind::processes;
  if (!is_apart || !service.handler.task()) return {};
  return fail(make_error(ErrorKind::invalid_argument, "serve", service.wanted.to_string(),
                         "'" + service.name +
                             "' has a task that shares memory with its calls, and "
                             "'processes' gives each call its own",
                         "use loops, threads or serial"));
}

Result<void> bind_endpoint(Service& service, const ServerOptions& options, std::size_t loop_count) {
  if (service.was_given_bound) {
    return service.sockets.empty() ? bind_listeners(service, options, loop_count)
                                   : bind_sockets(service, options, loop_count);
  }
  const bool is_stream =
      (service.handler.stream() || service.is_framed()) && !is_datagram(service.wanted.transport());
  if (service.wanted.transport() != Transport::fd) {
    return is_stream ? bind_listeners(service, options, loop_count)
                     : bind_sockets(service, options, loop_count);
  }
  // An inherited socket is used as the kind that the handler can serve.
  if (is_stream) {
    auto bound = bind_listeners(service, options, loop_count);
    const bool has_other =
        !service.is_framed() && (service.handler.takes_messages() || service.handler.datagram());
    if (bound || !has_other) return bound;
    service.listeners.clear();
  }
  return bind_sockets(service, options, loop_count);
}

}  // namespace

Result<void> check_options(const ServerOptions& options) {
  const Limits& limits = options.limits;
  const struct {
    std::string_view name;
    std::size_t value;
  } kNamed[] = {
      {"Concurrency::count", options.concurrency.count.value_or(1)},
      {"Limits::connections_max", limits.connections_max.value_or(1)},
      {"Limits::connections_per_peer_max", limits.connections_per_peer_max.value_or(1)},
      {"Limits::waiting_messages_max", limits.waiting_messages_max},
      {"Limits::message_memory_max", limits.message_memory_max},
  };
  for (const auto& each : kNamed) {
    if (each.value != 0) continue;
    return fail(make_error(ErrorKind::invalid_argument, "start the server", {},
                           std::string(each.name) + " is 0: no caller could be served",
                           "leave it unset for the default, or set it to 1 or more"));
  }
  if (limits.unauthenticated) {
    if (auto checked = limits.unauthenticated->check(); !checked) return checked;
  }
  return options.penalties.check();
}

Result<void> check_not_empty(const Endpoint& endpoint, const Handler& handler) {
  if (handler.stream() || handler.takes_messages() || handler.datagram()) return {};
  return fail(make_error(ErrorKind::invalid_argument, "serve", endpoint.to_string(),
                         "its handler is empty: no function is in it",
                         "was a std::function or a pointer passed that is null?"));
}

Result<void> check_handler(const Endpoint& endpoint, const Framing& framing,
                           const Handler& handler) {
  const auto refuse = [&](std::string detail, std::string advice) {
    return fail(make_error(ErrorKind::invalid_argument, "serve", endpoint.to_string(),
                           std::move(detail), std::move(advice)));
  };
  const bool has_message = handler.takes_messages();
  const bool has_datagram = has_message || handler.datagram();
  const bool has_stream = static_cast<bool>(handler.stream());
  const bool is_for_datagrams = is_datagram(endpoint.transport());
  if (framing.has_boundaries()) {
    if (is_for_datagrams) return refuse("datagrams need no framing", "leave framing= out");
    return {};
  }
  const bool fits = endpoint.transport() == Transport::fd ? has_datagram || has_stream
                    : is_for_datagrams                    ? has_datagram
                                                          : has_stream;
  if (fits) return {};
  if (is_for_datagrams) return refuse("this service is for streams", "use tcp:// or unix:");
  return has_message ? refuse("this service answers messages, and a stream has none by itself",
                              "say how they are framed, as in ?framing=lines")
                     : refuse("this service is for datagrams", "use udp:// or unixgram:");
}

namespace {

/// A handler that takes only streams may have options of the same names.
Result<Framing> take_framing(OptionTaker& taker, const Handler& handler) {
  return handler.takes_messages() ? Framing::take_from(taker) : Framing();
}

Result<Service> make_bound_service(const Endpoint& endpoint, Handler handler,
                                   const Framing& framing, std::string_view name) {
  if (auto full = check_not_empty(endpoint, handler); !full) return fail(std::move(full.error()));
  if (auto fits = check_handler(endpoint, framing, handler); !fits) {
    return fail(std::move(fits.error()));
  }
  Service service;
  service.name = name;
  service.wanted = endpoint;
  service.bound = endpoint;
  service.allowed = default_callers(handler, endpoint);
  service.handler = std::move(handler);
  service.framing = framing;
  service.was_given_bound = true;
  return service;
}

}  // namespace

Result<Service> make_service(std::string_view uri, const HandlerMaker& make,
                             std::string_view name) {
  auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return fail(std::move(endpoint.error()));
  OptionTaker taker(*endpoint, Side::server);
  auto handler = make ? make(taker) : Handler();
  if (!handler) return fail(std::move(handler.error()));
  if (auto full = check_not_empty(*endpoint, *handler); !full) return fail(std::move(full.error()));
  auto socket = SocketOptions::take_from(taker);
  if (!socket) return fail(std::move(socket.error()));
  Result<TlsFiles> tls;
  if (is_protected(endpoint->transport())) tls = TlsFiles::take_from(taker, {});
  if (!tls) return fail(std::move(tls.error()));
  auto framing = take_framing(taker, *handler);
  if (!framing) return fail(std::move(framing.error()));
  Service service;
  service.name = name;
  service.wanted = *endpoint;
  service.handler = std::move(*handler);
  service.socket = std::move(*socket);
  service.tls = std::move(*tls);
  service.framing = std::move(*framing);
  auto checked = take_challenge(taker, service);
  if (checked) checked = take_allowed_callers(taker, service);
  if (checked) checked = taker.finish();
  if (checked) checked = check_handler(service.wanted, service.framing, service.handler);
  if (!checked) return fail(std::move(checked.error()));
  return service;
}

Result<Service> make_service(Listener listener, Handler handler, const Framing& framing,
                             std::string_view name) {
  auto service = make_bound_service(listener.endpoint(), std::move(handler), framing, name);
  if (service) service->listeners.push_back(std::move(listener));
  return service;
}

Result<Service> make_service(DatagramSocket socket, Handler handler, std::string_view name) {
  auto service = make_bound_service(socket.endpoint(), std::move(handler), {}, name);
  if (service) service->sockets.push_back(std::move(socket));
  return service;
}

const TlsFiles& tls_files_of(const Service& service, const ServerOptions& options) {
  return service.tls == TlsFiles() ? options.tls.files : service.tls;
}

void Service::unbind() {
  const std::ptrdiff_t given = was_given_bound ? 1 : 0;
  if (!listeners.empty()) listeners.erase(listeners.begin() + given, listeners.end());
  if (!sockets.empty()) sockets.erase(sockets.begin() + given, sockets.end());
}

Result<void> bind_service(Service& service, const ServerOptions& options, std::size_t loop_count) {
  auto bound = check_task(service, options);
  if (bound) bound = bind_endpoint(service, options, loop_count);
  if (bound) bound = check_exposure(service, options);
  return bound ? check_allowed_callers(service, tls_files_of(service, options)) : bound;
}

}  // namespace hotline::server
