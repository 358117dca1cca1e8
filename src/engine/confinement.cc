#include "hotline/engine/confinement.h"

#include <sys/prctl.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "engine/call_filter.h"
#include "engine/engine.h"
#include "engine/path_wall.h"
#include "engine/running_threads.h"

namespace hotline {
namespace {

constexpr std::string_view kFreeThreads = "threads that run already keep their access to files";

void add_gap(Confinement& confinement, std::string_view gap) {
  if (!confinement.gap.empty()) confinement.gap += "; ";
  confinement.gap += gap;
}

void confine_paths(const std::vector<UsablePath>& usable, Confinement& confinement) {
  // Counted while /proc can be read.
  const bool has_others = engine::has_other_threads();
  const auto wall = engine::PathWall::make(usable);
  if (!wall) return add_gap(confinement, wall.error().message());
  if (const auto raised = wall->raise(); !raised) {
    return add_gap(confinement, raised.error().message());
  }
  confinement.landlock = wall->version();
  if (has_others) add_gap(confinement, kFreeThreads);
}

void confine_calls(RingUse rings, Confinement& confinement) {
  const auto installed = engine::install_call_filter(rings);
  confinement.has_call_filter = installed.has_value();
  if (!installed) add_gap(confinement, installed.error().message());
}

}  // namespace

Confinement confine_program(const std::vector<UsablePath>& usable, RingUse rings) {
  Confinement confinement;
  if (engine::Engine::current().is_simulated()) {
    confinement.gap = "programs of a simulated world are not confined";
    return confinement;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    confinement.gap = system_error(errno, "give up new privileges").message();
    return confinement;
  }
  confine_paths(usable, confinement);
  confine_calls(rings, confinement);
  return confinement;
}

}  // namespace hotline
