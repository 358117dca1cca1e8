#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/log.h"
#include "hotline/core/result.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/stream.h"
#include "hotline/net/traffic_tap.h"
#include "hotline/server/concurrency.h"
#include "hotline/server/handler.h"

namespace hotline {

/// What bounds a server. 0 means the default that stands behind it.
struct Limits {
  std::size_t connections_max = 0;  ///< The process's descriptors, less 64 and 32 a loop.
  std::size_t connections_per_peer_max =
      0;  ///< A quarter of that; callers on this machine have none.
  std::size_t waiting_messages_max =
      1024;  ///< Message handlers that wait at once, for each datagram socket.
};

/// How many calls a server takes.
enum class CallCount : bool { unlimited, one };

/// Who ends a server: its owner alone, or signals too: SIGTERM, and SIGINT and SIGHUP unless they
/// are ignored at bind (the first drains, the second cuts).
enum class SignalUse : bool { none, drain };

/// How a server runs.
struct ServerOptions {
  Concurrency concurrency;
  LoopOptions loop;  ///< For `loops`; LoopOptions::offload for `threads` and `serial` too.
  Limits limits;
  StreamTimeouts timeouts;
  Duration drain_timeout = std::chrono::seconds(30);
  Duration linger =
      std::chrono::seconds(1);  ///< For the peer's last bytes, once a handler has returned.
  CallCount calls = CallCount::unlimited;
  SignalUse signals = SignalUse::none;
  LogSink* log = nullptr;     ///< Outlives the server.
  TrafficTap* tap = nullptr;  ///< Outlives the server.
};

/// How a server ended.
struct DrainReport {
  std::uint64_t calls = 0;  ///< All that there were.
  std::uint64_t finished =
      0;                  ///< Of those under way at the drain or accepted since: how many finished,
  std::uint64_t cut = 0;  ///< and how many were cut at its deadline.
  std::uint64_t handler_failures = 0;
  Error loss{};  ///< What made it drain, if a handler had lost what it needs; else kind `none`.
};

/// A service at the endpoint where it can be called.
struct BoundService {
  std::string name;
  Endpoint endpoint;
};

/// Listeners, handlers, limits, concurrency and drain. Not movable: threads refer to it.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// One more endpoint, served by `handler`, under `name` in logs. Fails with `invalid_argument` if
  /// the endpoint, one of its options or its transport does not fit. Before bind.
  Result<void> add(std::string_view uri, Handler handler, std::string_view name = "service");

  /// The same with a handler that the endpoint's own options shape.
  Result<void> add_made(std::string_view uri, const HandlerMaker& make,
                        std::string_view name = "service");

  /// Binds every endpoint, or none. Afterwards callers wait in the backlog, and with
  /// SignalUse::drain a signal no longer kills: call it before other threads start.
  Result<void> bind();

  /// What is bound, in the order of add, with real ports.
  std::vector<BoundService> services() const;

  /// Serves until drained: binds first, if that has not been done. The calling thread waits. Once.
  Result<DrainReport> run();

  /// Ends run: no new callers once the backlog is empty, calls with nothing pending end, those in
  /// the midst of something have `drain_timeout`. Any thread, at any time; idempotent.
  void drain();

  /// Ends run at once: what is still under way is cut. Any thread, at any time; idempotent.
  void cut();

  /// Which engine `loops` will run on, once bound; why not the better one, if not.
  const EngineDecision& engine() const;

  /// Everything inside; only the server room knows it.
  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// A whole server in one call: serves `uri` with `handler` until SIGTERM or ^C has drained it.
/// Prints `listening ENDPOINT` to standard error once bound, and errors with their hints. The
/// result is an exit status: 0 after a drain, 1 if it could not serve.
int serve(std::string_view uri, Handler handler, ServerOptions options = {});

}  // namespace hotline
