#include "engine/drain_hold.h"

#include <utility>

#include "engine/engine.h"

namespace hotline::engine {

DrainHold::DrainHold() : outer_(std::exchange(Engine::current().scope().holds_drain, true)) {}

DrainHold::~DrainHold() { Engine::current().scope().holds_drain = outer_; }

}  // namespace hotline::engine
