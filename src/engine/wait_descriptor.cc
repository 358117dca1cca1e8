#include "hotline/engine/wait_descriptor.h"

#include "engine/engine.h"
#include "engine/operations/wait_ready.h"

namespace hotline {
namespace {

using engine::Engine;

Result<void> wait_ready(int fd, engine::Direction direction, Deadline deadline) {
  constexpr std::string_view kWaitFor = "wait for a descriptor";
  Engine& engine = Engine::current();
  // An engine's channel owns its descriptor; this one stays the caller's.
  const int own = engine.duplicate(fd);
  if (own < 0) return fail(engine::operation_error(own, kWaitFor));
  engine::Channel channel{UniqueFd(own)};
  engine::WaitReady wait(channel, direction);
  const int result = engine.perform(wait, deadline);
  if (result < 0) return fail(engine::operation_error(result, kWaitFor));
  return {};
}

}  // namespace

Result<void> wait_readable(int fd, Deadline deadline) {
  return wait_ready(fd, engine::Direction::read, deadline);
}

Result<void> wait_writable(int fd, Deadline deadline) {
  return wait_ready(fd, engine::Direction::write, deadline);
}

}  // namespace hotline
