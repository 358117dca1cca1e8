#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/log.h"
#include "hotline/core/public.h"
#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/engine/confinement.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/framing/framing.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "hotline/net/tls.h"
#include "hotline/net/traffic_tap.h"
#include "hotline/server/concurrency.h"
#include "hotline/server/confinement_options.h"
#include "hotline/server/counters.h"
#include "hotline/server/early_drop.h"
#include "hotline/server/handler.h"
#include "hotline/server/penalties.h"

namespace hotline HOTLINE_PUBLIC {

class Server;

/// The limits of a server. Each must be at least 1: otherwise bind() fails with `invalid_argument`.
/// `unauthenticated` has its own check().
struct Limits {
  /// Calls at once. Default: the descriptors of the process less 64, and 32 more for each loop.
  std::optional<std::size_t> connections_max{};

  /// Calls at once from one address of another machine. Default: a quarter of connections_max.
  std::optional<std::size_t> connections_per_peer_max{};

  /// Callers at once that are not authenticated yet, of services with an authentication; further
  /// ones are refused, the first of them at random. Default: EarlyDrop's, with `full` at most three
  /// quarters of the calls at once, so that places are left for callers that authenticate, and
  /// `start` at most a quarter of `full`. With fewer than 64 calls at once nothing is refused for
  /// this reason by default, and callers wait in the backlog.
  std::optional<EarlyDrop> unauthenticated{};

  /// Message handlers that wait at once, for each datagram socket.
  std::size_t waiting_messages_max = 1024;

  /// Memory for incomplete framed messages of all calls together; with `processes`, of each child.
  std::size_t message_memory_max = 256 * 1024 * 1024;
};

/// How many calls a server serves. With `one` it drains after the first call; where callers have to
/// authenticate, after the first whose caller is authenticated and allowed.
enum class CallCount : bool { unlimited, one };

/// Which signals a server heeds. With `drain`, SIGTERM, and SIGINT unless it is ignored at bind,
/// end it: the first drains the server, the second cuts it. SIGHUP reloads it, see
/// Server::reload(); only where it comes because the terminal of the program was closed, it ends
/// the server as the others do, unless it is ignored at bind.
enum class SignalUse : bool { none, drain };

/// Where a service may listen that needs protection: one with Handler::only_local, or with `auth=`.
enum class Exposure : bool {
  local,     ///< Only where all callers are on this machine; elsewhere bind() fails.
  anywhere,  ///< Everywhere, without protection: others can read and change what is sent.
};

/// How a server runs.
struct ServerOptions {
  Concurrency concurrency{};
  LoopOptions loop{};  ///< For `loops`; LoopOptions::offload for `threads` and `serial` too.
  Limits limits{};
  StreamTimeouts timeouts{};
  Duration drain_timeout = std::chrono::seconds(30);
  Duration linger = std::chrono::seconds(
      1);  ///< The time for the peer's last bytes after a handler has returned.
  /// The time for all waits of Handler::authenticate in one call together.
  Duration authentication_timeout = std::chrono::seconds(10);
  Penalties penalties{};  ///< For callers that do not authenticate.
  Exposure exposure = Exposure::local;
  ConfinementOptions confinement{};  ///< Done by bind(), when all is bound.
  TlsOptions tls{};  ///< For `tls://`: what the server trusts. Options of an endpoint win.
  /// Reads again, at Server::reload(), what the program itself gave the server, such as the keys
  /// of TlsOptions::accepted: Keyring::read_again(). It may block its thread; it must not wait
  /// for the server, nor suspend its fiber, nor throw.
  std::function<Result<Reloaded>()> on_reload{};
  CallCount calls = CallCount::unlimited;
  SignalUse signals = SignalUse::none;
  /// run() calls it once, after every thread, loop and accepting fiber has started. It is not
  /// called if the start fails. It must not throw, and run() waits for it.
  std::function<void(const Server& server)> on_serving{};
  LogSink* log = nullptr;     ///< Must outlive the server; null: nothing is logged.
  TrafficTap* tap = nullptr;  ///< Must outlive the server.
};

/// How a server ended. All kinds of concurrency count in the same way: a call is a connection; a
/// message is a datagram, or a frame of a framed call, that was given to a message handler. The
/// counts of a process that dies before it reports are lost.
struct DrainReport {
  std::uint64_t calls = 0;          ///< All calls.
  std::uint64_t messages = 0;       ///< All messages.
  std::uint64_t replies = 0;        ///< Those of them that were answered.
  std::uint64_t error_replies = 0;  ///< See Counters::error_replies.
  /// Calls that were in progress at the drain, or were accepted after it, and finished.
  std::uint64_t finished = 0;
  /// Calls that were in progress at the drain, or were accepted after it, and were cut.
  std::uint64_t cut = 0;
  /// What tasks said that they did when they were cut, such as "3 jobs": see Handler::beside().
  std::string cut_tasks{};
  std::uint64_t handler_failures = 0;  ///< Calls, messages and tasks whose function threw.
  std::optional<Error> loss{};  ///< The reason of the drain, if a handler has lost what it needs.
};

/// A service at the endpoint where it can be called.
struct BoundService {
  std::string name;
  Endpoint endpoint;
};

/// Listeners, handlers, limits, concurrency and drain. Not movable, because threads refer to it.
/// Call add() as often as necessary, then bind(), then run(). A call that comes too late, or again,
/// fails with `invalid_argument` and changes nothing.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Adds an endpoint that `handler` serves; logs show `name`. Fails with `invalid_argument` if
  /// `uri` is not an endpoint, if one of its options is unknown, if `handler` cannot serve its
  /// transport, if `handler` is empty, or after bind().
  Result<void> add(std::string_view uri, Handler handler, std::string_view name = "service");

  /// Same as above, with a handler that depends on the options of the endpoint.
  Result<void> add_made(std::string_view uri, const HandlerMaker& make,
                        std::string_view name = "service");

  /// Adds a listener that is bound already. `handler` serves its calls, or the messages that
  /// `framing` delimits in them. With `loops` each loop has a listener of its own at the same
  /// address. The streams keep the options that the listener was made with: ServerOptions::timeouts
  /// and `tap` do not apply to them. The listener must not have been used on a loop, unless it has
  /// left that loop. Fails as above.
  Result<void> add(Listener listener, Handler handler, std::string_view name = "service",
                   const Framing& framing = {});

  /// Same as above, for a datagram socket that is bound already. What it has_unread() is served,
  /// too; with `processes` it is dropped when the server starts, and logged.
  Result<void> add(DatagramSocket socket, Handler handler, std::string_view name = "service");

  /// Adds a task that runs beside the calls, from the start of the server until it returns; run()
  /// waits for it. Logs show `name`. A drain and a cut reach it as they reach calls: a drain ends
  /// its waits for something new, and a sleep_for() with OnDrain::ends; the task should then
  /// return. If it throws, that is logged and counted as a handler's failure, and it is called
  /// again after a pause of 20 ms, unless the server drains. It runs on a fiber of the first loop;
  /// with `serial` and `threads` on a thread of its own; with `processes` on a fiber of the parent,
  /// where it must not block. Fails with `invalid_argument` if `task` is empty, or after bind().
  Result<void> add_task(std::string_view name, ServerTask task);

  /// Binds every endpoint. If one fails, none is bound, and bind() can be called again. Afterwards
  /// callers wait in the backlog, and with SignalUse::drain a signal no longer kills the process:
  /// call it before other threads start. A second call succeeds and changes nothing. Fails after
  /// run() has begun, and with Confine::required if the program cannot be confined.
  Result<void> bind();

  /// Returns the endpoints in the order of add(): after bind() as they are bound, with real ports;
  /// before it as they were requested.
  std::vector<BoundService> services() const;

  /// Serves until drained; binds first if necessary. It blocks a thread; on a fiber, the other
  /// fibers of its loop go on. A drain of that fiber drains the server. A cancel or a deadline of
  /// that fiber cuts the server. Call it once.
  Result<DrainReport> run();

  /// Ends run() in order: accepts no new callers once the backlog is empty, ends calls with nothing
  /// pending, and gives the others `drain_timeout`. A caller whose handshake (TLS, or an
  /// authentication) is not complete has sent no request yet: it may see an end. Any thread,
  /// at any time; idempotent. If called before run(), run() serves the callers that already wait
  /// and then returns.
  void drain();

  /// Ends run() at once: calls in progress are cut. Any thread, at any time; idempotent. If called
  /// before run(), run() returns without serving any caller.
  void cut();

  /// Reads again the certificates, keys and roots of `tls://`, the secrets of `secret-file=`, and
  /// what Handler::reload() and ServerOptions::on_reload read. All or nothing: if one of them is
  /// bad, fails with its error, and everything stays as it was. Otherwise callers that are accepted
  /// from then on get the new ones; calls under way go on. Logs either. With SignalUse::drain
  /// SIGHUP does the same. Any thread, from bind() to the end of run(), otherwise fails with
  /// `invalid_argument`; blocks its thread while it reads the files.
  Result<void> reload();

  /// Returns what the server has done so far: the sum over its services and tasks. Any thread, at
  /// any time after bind(); it takes no lock. With `processes` the messages, bytes, latencies and
  /// failures of a child are added when the child ends.
  Counters counters() const;

  /// Returns the counters of each service, in the order of add().
  std::vector<ServiceCounters> service_counters() const;

  /// Returns the engine that `loops` runs on and, if `automatic` fell back to epoll, the reason.
  /// Call it after bind().
  const EngineDecision& engine() const;

  /// Returns the walls around the program that bind() has put up: none with Confine::never, and if
  /// no handler stays within its files. Call it after bind().
  const Confinement& confinement() const;

 private:
  struct State;
  friend int serve(Server& server);

  /// Sets what serve() needs and the options leave open: signals, a log, and `report_serving`,
  /// which is called before ServerOptions::on_serving. Fails if signals cannot be blocked.
  Result<void> prepare_to_serve(const std::function<void(const Server&)>& report_serving);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
