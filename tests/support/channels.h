#pragma once

#include <doctest/doctest.h>

#include "engine/call_wait.h"
#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/operations/receive.h"

namespace hotline::test {

/// Returns the result of a receive by the engine of this thread.
inline int receive_some(engine::Channel& channel, Deadline deadline = Deadline::never()) {
  engine::Receive receive(channel, engine::Engine::current());
  return engine::Engine::current().perform(receive, deadline);
}

/// Makes a thread wait for the data of a connection in the call, as after some waits for data that
/// came soon.
inline void make_busy(engine::Channel& channel) {
  channel.call_wait.allow();
  for (unsigned i = 0; i < engine::CallWait::kWaitsBefore; ++i) {
    channel.call_wait.note_poll(channel.fd());
  }
  REQUIRE(channel.call_wait.is_on());
}

}  // namespace hotline::test
