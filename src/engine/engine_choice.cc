#include "hotline/engine/engine_choice.h"

#include <liburing.h>

#include <system_error>

#include "engine/epoll/epoll_loop.h"
#include "engine/uring/uring_loop.h"
#include "engine/uring/uring_probe.h"

// Only this file chooses an engine.

namespace hotline {

std::string_view name_of(EngineKind kind) {
  switch (kind) {
    case EngineKind::automatic: return "auto";
    case EngineKind::uring: return "uring";
    case EngineKind::epoll: return "epoll";
    case EngineKind::simulated: return "simulated";
  }
  return "unknown";
}

Result<EngineKind> parse_engine_kind(std::string_view name) {
  for (const EngineKind kind : {EngineKind::automatic, EngineKind::uring, EngineKind::epoll}) {
    if (name == name_of(kind)) return kind;
  }
  return fail(make_error(ErrorKind::invalid_argument, "choose an engine", {},
                         "there is no engine '" + std::string(name) + "'",
                         "the engines are uring, epoll and auto"));
}

Result<EngineDecision> choose_engine(EngineKind wanted) {
  if (engine::Engine::current().is_simulated()) return EngineDecision{EngineKind::simulated, {}};
  if (wanted == EngineKind::simulated) {
    return fail(make_error(ErrorKind::unsupported, "use the engine simulated", {},
                           "it runs inside a simulated world only", "make a hotline::sim::World"));
  }
  if (wanted == EngineKind::epoll) return EngineDecision{EngineKind::epoll, {}};
  UringReport report = probe_uring();
  if (report.is_usable) return EngineDecision{EngineKind::uring, {}};
  if (wanted == EngineKind::automatic) {
    return EngineDecision{EngineKind::epoll, std::move(report.reason)};
  }
  return fail(make_error(ErrorKind::unsupported, "use the engine uring", {}, report.reason,
                         "use --engine epoll, or leave the choice to the program"));
}

namespace engine {

Result<std::unique_ptr<EventLoop>> make_event_loop(const LoopOptions& options) {
  auto decision = choose_engine(options.engine);
  if (!decision) return fail(std::move(decision.error()));
  try {
    if (decision->engine == EngineKind::epoll) return std::make_unique<EpollLoop>(options);
    return std::make_unique<UringLoop>(options);
  } catch (const std::system_error& error) {
    return fail(system_error(error.code().value(), "start an event loop"));
  }
}

}  // namespace engine
}  // namespace hotline
