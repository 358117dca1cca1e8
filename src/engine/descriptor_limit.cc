#include "engine/descriptor_limit.h"

#include <algorithm>

#include "engine/engine.h"

namespace hotline {

std::size_t raise_descriptor_limit() { return engine::Engine::current().raise_descriptor_limit(); }

}  // namespace hotline

namespace hotline::engine {

ReserveDescriptor::~ReserveDescriptor() { release(); }

void ReserveDescriptor::release() {
  const std::lock_guard lock(mutex_);
  if (fd_) Engine::current().close(std::move(fd_));
}

bool ReserveDescriptor::restore() {
  const std::lock_guard lock(mutex_);
  if (!fd_) fd_.reset(std::max(-1, Engine::current().open_counter()));
  return static_cast<bool>(fd_);
}

}  // namespace hotline::engine
