#include "net/linger.h"

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"

namespace hotline::net {

void linger(Stream& stream, Duration patience) {
  if (!stream.shut_down_writes()) return;
  const Deadline until = deadline_after(patience);
  const DeadlineScope bounded(until);
  // A deadline ends only waits, and a peer that keeps sending prevents every wait.
  while (!until.has_passed(now()) && stream.receive()) {
  }
}

}  // namespace hotline::net
