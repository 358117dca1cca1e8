#include "hotline/net/connect.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "net/socket.h"
#include "net/socket_option_row.h"
#include "net/stream_access.h"
#include "net/transport_row.h"

namespace hotline {
namespace {

using engine::Channel;
using engine::Engine;

constexpr Literal kConnectTo = "connect to";

// The kernel does not report when the full backlog of a UNIX listener has room again, so connecting
// is retried at intervals.
constexpr Duration kBacklogRetryFirst = std::chrono::milliseconds(1);
constexpr Duration kBacklogRetryMax = std::chrono::milliseconds(50);

/// A UNIX connection waits only for room in the listener's backlog.
Error wait_error(int result, const Endpoint& shown) {
  Error error = engine::operation_error(result, kConnectTo, shown.to_string());
  if (error.kind == ErrorKind::timed_out && shown.transport() == Transport::unix_) {
    error.detail = "timed out: its queue of waiting callers stays full";
  }
  if (error.kind == ErrorKind::refused && shown.transport() == Transport::unix_) {
    error.advice = "is the server running? nobody listens at that path";
  }
  net::advise_on_permission(error, shown);
  return error;
}

Result<void> connect_channel(Channel& channel, const SocketAddress& address,
                             const Endpoint& shown) {
  Duration pause = kBacklogRetryFirst;
  for (;;) {
    engine::Connect operation(channel, address);
    const int result = Engine::current().perform(operation, Deadline::never());
    if (result >= 0) return {};
    if (result != -EBUSY && result != -EAGAIN) return fail(wait_error(result, shown));
    if (auto slept = sleep_for(pause); !slept) {
      return fail(wait_error(
          slept.error().kind == ErrorKind::timed_out ? -engine::kDeadlineEnd : -engine::kCancelEnd,
          shown));
    }
    pause = std::min(2 * pause, kBacklogRetryMax);
  }
}

StreamOptions stream_options(const ConnectOptions& options) {
  StreamOptions stream = options.stream;
  if (options.socket.receive_max) stream.receive_max = options.socket.receive_max;
  return stream;
}

/// Adds to the error of a server that hung up at once, perhaps before the connection was complete,
/// why that may be. One that authenticates does so to callers of a source with a penalty.
Error advise_on_hang_up(Error error, Transport transport) {
  const bool has_hung_up = error.kind == ErrorKind::closed || error.kind == ErrorKind::reset ||
                           error.kind == ErrorKind::truncated;
  if (!has_hung_up || !error.advice.empty()) return error;
  error.advice = is_protected(transport)
                     ? "does the server listen on tls:// there? After failed calls it may also "
                       "refuse others from here for a while: its log says why"
                     : "the server hung up at once: its log may say why";
  return error;
}

/// The handshake is a part of connecting, so that its failure is a failure to connect.
Result<Stream> protect(Stream stream, const std::optional<Tls>& tls) {
  if (!tls) return stream;
  if (auto added = stream.add_layer(tls->make_layer()); !added) return fail(added.error());
  if (auto opened = stream.handshake(); !opened) {
    return fail(advise_on_hang_up(std::move(opened.error()), stream.peer().transport()));
  }
  return stream;
}

Result<Stream> connect_address(const Endpoint& endpoint, const SocketAddress& address,
                               const SocketAddress& source, const std::optional<Tls>& tls,
                               const ConnectOptions& options) {
  const Endpoint peer = Endpoint::of_address(endpoint.transport(), address);
  for (int i = 0; i < net::kSelfConnectsMax; ++i) {
    auto channel = net::open_socket(address, net::SocketKind::stream, kConnectTo, peer);
    if (!channel) return fail(std::move(channel.error()));
    net::prepare_stream(**channel, endpoint.transport(), options.socket);
    if (const int bound = net::bind_source(**channel, source); bound < 0) {
      return fail(net::source_error(bound, kConnectTo, options.socket, peer));
    }
    if (auto connected = connect_channel(**channel, address, peer); !connected) {
      return fail(advise_on_hang_up(std::move(connected.error()), peer.transport()));
    }
    (*channel)->call_wait.allow();
    const bool is_own = net::is_connected_to_itself(**channel);
    auto stream = net::StreamAccess::over(std::move(*channel), peer, stream_options(options));
    if (!is_own) return protect(std::move(stream), tls);
    // Resets, because otherwise the port would be in TIME_WAIT when a server is to listen there.
    stream.abort();
  }
  return fail(wait_error(-ECONNREFUSED, peer));
}

Result<Stream> run_on_connected(Stream stream, const ConnectOptions& options) {
  if (!options.on_connected) return stream;
  if (auto done = options.on_connected(stream); !done) return fail(std::move(done.error()));
  return stream;
}

/// Combines all failures in one error: a single one unchanged, several in the order of the
/// attempts.
Error combine(const Endpoint& endpoint, const std::vector<Error>& failures) {
  if (failures.size() == 1) return failures.front();
  std::string detail;
  for (const Error& each : failures) {
    detail.append(detail.empty() ? "" : "; ").append(each.endpoint).append(": ");
    const std::string message = each.message();
    const std::size_t reason = message.rfind(": ");
    detail += reason == message.npos ? message : message.substr(reason + 2);
  }
  Error error = failures.back();
  error.endpoint = endpoint.to_string();
  error.advice = error.hint();
  error.detail = std::move(detail);
  return error;
}

}  // namespace

Result<Stream> connect(const Endpoint& endpoint, const ConnectOptions& options) {
  if (!is_stream(endpoint.transport())) {
    return fail(make_error(
        ErrorKind::unsupported, kConnectTo, endpoint.to_string(),
        "a call goes over " + net::list_transports(net::SocketKind::stream, "or"),
        endpoint.transport() == Transport::fd
            ? "fd: is for serving on an inherited socket"
            : net::list_transports(net::SocketKind::datagram) + " carry datagrams, not calls"));
  }
  if (auto has = net::check_port(endpoint, kConnectTo); !has) return fail(std::move(has.error()));
  if (auto fit = net::check_fit(endpoint, options.socket, Side::client, kConnectTo); !fit) {
    return fail(std::move(fit.error()));
  }
  const auto source = net::source_of(options.socket, kConnectTo);
  if (!source) return fail(source.error());
  std::optional<Tls> tls;
  if (is_protected(endpoint.transport())) {
    auto made = Tls::client(options.tls, endpoint.user(), endpoint.host());
    if (!made) return fail(net::name_endpoint(std::move(made.error()), kConnectTo, endpoint));
    tls = std::move(*made);
  }
  const DeadlineScope scope(deadline_after(options.timeout));
  auto addresses = net::resolve(endpoint, engine::LookupPurpose::connect);
  if (!addresses) {
    Error error = addresses.error();
    if (error.kind == ErrorKind::timed_out || error.kind == ErrorKind::cancelled) {
      error.detail = "the name could not be looked up in time";
    }
    error.operation = kConnectTo;
    error.endpoint = endpoint.to_string();
    return fail(std::move(error));
  }
  if (auto kept = net::keep_callable(*addresses, *source, kConnectTo, endpoint); !kept) {
    return fail(std::move(kept.error()));
  }
  std::vector<Error> failures;
  for (const SocketAddress& address : *addresses) {
    auto stream = connect_address(endpoint, address, *source, tls, options);
    if (stream) return run_on_connected(std::move(*stream), options);
    const ErrorKind kind = stream.error().kind;
    failures.push_back(std::move(stream.error()));
    if (kind == ErrorKind::timed_out || kind == ErrorKind::cancelled) break;
  }
  return fail(combine(endpoint, failures));
}

Result<Stream> connect(const Target& target, ConnectOptions options) {
  options.socket = target.socket;
  if (target.tls != TlsFiles()) options.tls.files = target.tls;
  return connect(target.endpoint, options);
}

Result<Stream> connect(std::string_view uri, const ConnectOptions& options) {
  auto target = Target::parse(uri, options.socket, nullptr, Side::client);
  if (!target) return fail(std::move(target.error()));
  return connect(*target, options);
}

}  // namespace hotline
