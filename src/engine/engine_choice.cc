#include "hotline/engine/engine_choice.h"

#include <liburing.h>

#include <system_error>

#include "engine/epoll/epoll_loop.h"
#include "engine/uring/uring_loop.h"
#include "engine/uring/uring_probe.h"
#include "hotline/core/rows.h"

// Only this file chooses an engine.

namespace hotline {

namespace {

struct EngineRow {
  EngineKind kind;
  Choice choice;
};

constexpr EngineRow kEngineRows[] = {
    {EngineKind::automatic,
     {.name = "auto", .form = "auto", .summary = "uring if the kernel allows it, else epoll"}},
    {EngineKind::uring, {.name = "uring", .form = "uring", .summary = "io_uring"}},
    {EngineKind::epoll, {.name = "epoll", .form = "epoll", .summary = "epoll"}},
    {EngineKind::simulated,
     {.name = "simulated", .form = "simulated", .summary = "the engine of a simulated world"}},
};

static_assert(is_in_order(kEngineRows, &EngineRow::kind), "name_of finds a row by its number");

constexpr auto kEngineChoices = choices_of(kEngineRows);

}  // namespace

std::string_view name_of(EngineKind kind) {
  return kEngineChoices[static_cast<std::size_t>(kind)].name;
}

Result<EngineKind> parse_engine_kind(std::string_view name) {
  const EngineRow* row = find_row(kEngineRows, name);
  if (row != nullptr && row->kind != EngineKind::simulated) return row->kind;
  return fail(unknown_choice("engine", name, engine_names()));
}

std::span<const Choice> engine_names() {
  return std::span(kEngineChoices).first(static_cast<std::size_t>(EngineKind::simulated));
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
