#include "net/inherited_mode.h"

#include "engine/engine.h"

namespace hotline::net {

using engine::Engine;

InheritedMode::~InheritedMode() { Engine::current().set_blocking(socket_.get()); }

std::shared_ptr<InheritedMode> InheritedMode::make_non_blocking(int fd) {
  Engine& engine = Engine::current();
  if (engine.set_non_blocking(fd) != 0) return nullptr;
  UniqueFd socket(engine.duplicate(fd));
  return socket ? std::make_shared<InheritedMode>(std::move(socket)) : nullptr;
}

}  // namespace hotline::net
