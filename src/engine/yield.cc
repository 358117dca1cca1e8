#include "hotline/engine/yield.h"

#include <thread>

#include "core/check.h"
#include "engine/event_loop.h"

namespace hotline {

void yield() {
  engine::EventLoop* const loop = engine::EventLoop::running();
  if (loop == nullptr) return std::this_thread::yield();
  check_use(loop->fiber() != nullptr,
            "yield() is called on the thread of an event loop, but not on a fiber");
  loop->yield();
}

}  // namespace hotline
