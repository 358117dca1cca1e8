#include "hotline/engine/engine_choice.h"

#include <liburing.h>

#include <system_error>

#include "engine/epoll/epoll_loop.h"
#include "engine/uring/uring_loop.h"
#include "engine/uring/uring_probe.h"
#include "hotline/core/enum_names.h"

// Only this file chooses an engine.

namespace hotline {

namespace {

constexpr EnumNames<EngineKind, 3> kEngines{
    {{EngineKind::uring, "uring"}, {EngineKind::epoll, "epoll"}, {EngineKind::automatic, "auto"}}};

}  // namespace

std::string_view name_of(EngineKind kind) {
  return kind == EngineKind::simulated ? "simulated" : kEngines.name_of(kind);
}

Result<EngineKind> parse_engine_kind(std::string_view name) {
  if (const auto kind = kEngines.find(name)) return *kind;
  return fail(make_error(ErrorKind::invalid_argument, "choose an engine", {},
                         "there is no engine '" + std::string(name) + "'",
                         "the engines are " + kEngines.list()));
}

std::vector<std::string> engine_names() { return kEngines.names(); }

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
