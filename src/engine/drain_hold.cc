#include "hotline/engine/drain_hold.h"

#include <utility>

#include "core/check.h"
#include "engine/engine.h"

namespace hotline {

using engine::Engine;

DrainHold::DrainHold()
    : scope_(Engine::current().scope()), outer_(std::exchange(scope_.holds_drain, true)) {}

DrainHold::~DrainHold() {
  check_use(&scope_ == &Engine::current().scope(),
            "a DrainHold ends on another fiber than it began on: keep it in a local variable");
  scope_.holds_drain = outer_;
}

bool is_draining() {
  Engine& engine = Engine::current();
  engine.note_interrupts();
  return engine.scope().end_code != 0;
}

}  // namespace hotline
