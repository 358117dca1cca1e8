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
#include "hotline/core/result.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/framing/framing.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "hotline/net/traffic_tap.h"
#include "hotline/server/concurrency.h"
#include "hotline/server/counters.h"
#include "hotline/server/handler.h"

namespace hotline HOTLINE_PUBLIC {

class Server;

/// What bounds a server. Each is at least 1: bind fails with `invalid_argument` otherwise.
struct Limits {
  /// Calls at once. Default: the descriptors of the process less 64, and 32 more for each loop.
  std::optional<std::size_t> connections_max{};

  /// Calls at once from one address of another machine. Default: a quarter of connections_max.
  std::optional<std::size_t> connections_per_peer_max{};

  /// Message handlers that wait at once, for each datagram socket.
  std::size_t waiting_messages_max = 1024;

  /// Memory for framed messages that have begun and not ended: of all calls together, with
  /// `processes` of each child.
  std::size_t message_memory_max = 256 * 1024 * 1024;
};

/// How many calls a server accepts.
enum class CallCount : bool { unlimited, one };

/// Whether signals end a server: SIGTERM, and SIGINT and SIGHUP unless they are ignored at bind.
/// The first signal drains the server, the second cuts it.
enum class SignalUse : bool { none, drain };

/// How a server runs.
struct ServerOptions {
  Concurrency concurrency{};
  LoopOptions loop{};  ///< For `loops`; LoopOptions::offload for `threads` and `serial` too.
  Limits limits{};
  StreamTimeouts timeouts{};
  Duration drain_timeout = std::chrono::seconds(30);
  Duration linger =
      std::chrono::seconds(1);  ///< For the peer's last bytes, once a handler has returned.
  /// For all that Handler::authenticate waits for in one call.
  Duration authentication_timeout = std::chrono::seconds(10);
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
  std::uint64_t calls = 0;     ///< All that there were.
  std::uint64_t messages = 0;  ///< All that there were.
  std::uint64_t finished = 0;  ///< Calls under way at the drain or accepted since that finished,
  std::uint64_t cut = 0;       ///< and that were cut at its deadline.
  std::uint64_t handler_failures = 0;  ///< Calls and messages whose handler threw.
  std::optional<Error> loss{};         ///< What made it drain, if a handler had lost what it needs.
};

/// What a server does beside its calls, such as cleaning up every minute. Its waits suspend a fiber
/// or block a thread.
using ServerTask = std::function<void()>;

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

  /// Adds an endpoint that `handler` serves; logs show `name`. Fails with `invalid_argument` if the
  /// endpoint, one of its options or its transport does not fit, if the handler is empty, or after
  /// bind().
  Result<void> add(std::string_view uri, Handler handler, std::string_view name = "service");

  /// Same as above, with a handler that depends on the options of the endpoint.
  Result<void> add_made(std::string_view uri, const HandlerMaker& make,
                        std::string_view name = "service");

  /// One more service, at a listener that is bound already, of calls over streams, or of messages
  /// that `framing` cuts out of them. With `loops` each loop has its own listener at the same
  /// address. Its streams keep the options that it was made with; ServerOptions::timeouts and `tap`
  /// do not apply to them. Fails as the other add does. No loop may have waited on the listener,
  /// unless it has left that loop.
  Result<void> add(Listener listener, Handler handler, std::string_view name = "service",
                   const Framing& framing = {});

  /// The same for a datagram socket that is bound already.
  Result<void> add(DatagramSocket socket, Handler handler, std::string_view name = "service");

  /// Runs `task` beside the calls, under `name` in logs, from the start of the server until it
  /// returns. It is drained and cut as the calls are: when the server drains, a wait for something
  /// new ends, and so does a sleep_for() with OnDrain::ends; the task should return then. What it throws is logged and counted as
  /// a handler's failure, and it is called again after a pause of 20 ms, unless the server drains.
  /// It runs on a fiber of the first loop; with `serial` and `threads` on a thread of its own; with
  /// `processes` on a fiber of the parent, where it must not block. Fails with `invalid_argument`
  /// if it is empty, or after bind.
  Result<void> add_task(std::string_view name, ServerTask task);

  /// Binds every endpoint, or none: then it can be tried again. Afterwards callers wait in the
  /// backlog, and with SignalUse::drain a signal no longer kills: call it before other threads
  /// start. When everything is bound already it succeeds and changes nothing; it fails once run has
  /// begun.
  Result<void> bind();

  /// Returns the endpoints in the order of add(): after bind() as they are bound, with real ports;
  /// before it as they were requested.
  std::vector<BoundService> services() const;

  /// Serves until drained; binds first if necessary. It blocks a thread; on a fiber, the other
  /// fibers of its loop go on. A drain of that fiber drains the server. A cancel or a deadline of
  /// that fiber cuts the server. Call it once.
  Result<DrainReport> run();

  /// Ends run() in order: accepts no new callers once the backlog is empty, ends calls with nothing
  /// pending, and gives the others `drain_timeout`. Any thread, at any time; idempotent. If called
  /// before run(), run() serves the callers that already wait and then returns.
  void drain();

  /// Ends run() at once: calls in progress are cut. Any thread, at any time; idempotent. If called
  /// before run(), run() returns without serving any caller.
  void cut();

  /// Returns what the server has done so far: the sum over its services and tasks. From bind on, at
  /// any time, on any thread; it holds up no call. With `processes` what a child counts (messages,
  /// bytes, latency, failures) is added when the child ends.
  Counters counters() const;

  /// Returns the same for each service, in the order of add.
  std::vector<ServiceCounters> service_counters() const;

  /// Which engine `loops` will run on, once bound; why not the better one, if not.
  const EngineDecision& engine() const;

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace hotline
