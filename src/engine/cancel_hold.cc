#include "hotline/engine/cancel_hold.h"

#include <utility>

#include "core/check.h"
#include "engine/engine.h"

namespace hotline {

using engine::Engine;

CancelHold::CancelHold()
    : scope_(Engine::current().scope()),
      outer_(std::exchange(scope_.holds_cancel, true)),
      outer_deadline_(std::exchange(scope_.deadline, Deadline::never())) {}

CancelHold::~CancelHold() {
  check_use(&scope_ == &Engine::current().scope(),
            "a CancelHold ends on another fiber than it began on: keep it in a local variable");
  scope_.holds_cancel = outer_;
  scope_.deadline = outer_deadline_;
}

}  // namespace hotline
