#include "hotline/engine/wait_descriptor.h"

#include "engine/engine.h"
#include "engine/operations/wait_ready.h"

namespace hotline {
namespace {

Result<void> wait_own(int fd, engine::Direction direction, Deadline deadline, OnDrain on_drain) {
  constexpr std::string_view kWaitFor = "wait for a descriptor";
  // An engine's channel owns its descriptor; this one stays the caller's.
  const int own = engine::Engine::current().duplicate(fd);
  if (own < 0) return fail(engine::operation_error(own, kWaitFor));
  engine::Channel channel{UniqueFd(own)};
  return engine::wait_ready(channel, direction, deadline, kWaitFor, on_drain);
}

}  // namespace

Result<void> wait_readable(int fd, Deadline deadline, OnDrain on_drain) {
  return wait_own(fd, engine::Direction::read, deadline, on_drain);
}

Result<void> wait_writable(int fd, Deadline deadline, OnDrain on_drain) {
  return wait_own(fd, engine::Direction::write, deadline, on_drain);
}

}  // namespace hotline
