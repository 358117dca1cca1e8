#include "server/retry_pause.h"

#include "engine/engine.h"
#include "hotline/engine/clock.h"

namespace hotline::server {

bool pause_before_retry(Duration pause) {
  engine::Engine& engine = engine::Engine::current();
  const Deadline end = deadline_after(pause);
  const int ended = engine.wait_until(end, engine::OnDrain::ends);
  if (ended == -engine::kDeadlineEnd) return end <= engine.scope().deadline;
  return ended != -engine::kDrainEnd && ended != -engine::kCancelEnd;
}

}  // namespace hotline::server
