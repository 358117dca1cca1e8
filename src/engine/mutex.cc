#include "hotline/engine/mutex.h"

#include "core/check.h"
#include "engine/engine.h"

namespace hotline {
namespace {

/// Distinguishes fibers and threads while they live.
const void* this_holder() { return &engine::Engine::current().scope(); }

}  // namespace

Result<Mutex::Lock> Mutex::lock(Deadline deadline) {
  const void* const holder = this_holder();
  if (!free_.try_acquire()) {
    check_use(owner_.load(std::memory_order_relaxed) != holder,
              "a fiber or thread locks a Mutex that it holds already: it would wait for itself");
    auto acquired = free_.acquire(deadline);
    if (!acquired) {
      acquired.error().operation = "lock a mutex";
      return fail(std::move(acquired.error()));
    }
  }
  owner_.store(holder, std::memory_order_relaxed);
  return Lock(*this);
}

std::optional<Mutex::Lock> Mutex::try_lock() noexcept {
  if (!free_.try_acquire()) return std::nullopt;
  owner_.store(this_holder(), std::memory_order_relaxed);
  return Lock(*this);
}

void Mutex::unlock() noexcept {
  check_use(owner_.load(std::memory_order_relaxed) == this_holder(),
            "a Mutex is unlocked by another fiber or thread than locked it: keep the lock in a "
            "local variable");
  owner_.store(nullptr, std::memory_order_relaxed);
  free_.release();
}

}  // namespace hotline
