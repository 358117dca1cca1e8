#pragma once

#include <atomic>
#include <optional>
#include <utility>

#include "hotline/core/public.h"
#include "hotline/engine/semaphore.h"

namespace hotline HOTLINE_PUBLIC {

/// A mutex that may be held across waits, for example while several pieces are written to one
/// stream. A fiber that must wait is suspended, and its loop goes on; a std::mutex held across a
/// wait would stop the loop for ever. Works between fibers, threads and loops, and in simulated
/// worlds; waiters lock it in the order in which they came. Without contention it costs one atomic
/// operation.
///
///     Mutex mutex;
///     ...
///     const auto lock = mutex.lock();
///     if (!lock) return fail(lock.error());
///     ...                                  // alone here, across waits; until `lock` is destroyed
///
/// Use a std::mutex if the code that holds it never waits. Any thread. Not shared with processes
/// that are forked. Destroy it when no fiber or thread holds it or will call it.
class Mutex {
 public:
  /// Holds the mutex until it is destroyed, by the fiber or thread that locked it. Move only.
  class [[nodiscard]] Lock {
   public:
    Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (mutex_ != nullptr) mutex_->unlock();
    }

   private:
    friend class Mutex;
    explicit Lock(Mutex& mutex) : mutex_(&mutex) {}

    Mutex* mutex_;
  };

  /// Waits until the mutex is free, and locks it. Fails only if it would have to wait: with
  /// `timed_out` at `deadline`, with `cancelled`, and with `resource_exhausted` if there is no
  /// memory or descriptor for the wait. A drain does not end it. The program ends if the calling
  /// fiber already holds the mutex.
  Result<Lock> lock(Deadline deadline = Deadline::never());

  /// Locks the mutex if it is free now. Never waits.
  std::optional<Lock> try_lock() noexcept;

 private:
  void unlock() noexcept;

  Semaphore free_{1};
  std::atomic<const void*> owner_ = nullptr;  ///< The fiber or thread that holds it.
};

}  // namespace hotline
