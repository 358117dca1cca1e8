#include "hotline/engine/semaphore.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <new>

#include "core/check.h"
#include "engine/end_code.h"
#include "engine/waiter.h"

namespace hotline {
namespace {

constexpr std::string_view kAcquire = "wait for a permit";

// The count while at least one waits.
constexpr std::ptrdiff_t kAwaited = -1;

constexpr std::ptrdiff_t kPermitsMax = std::numeric_limits<std::ptrdiff_t>::max();

Error closed_error() { return make_error(ErrorKind::closed, kAcquire, {}, "it has been closed"); }

}  // namespace

/// One that waits, in the order in which they came.
struct Semaphore::Entry {
  explicit Entry(OnDrain on_drain) : waiter(on_drain) {}

  /// How it left the queue, if it did not by itself.
  enum class Given : std::uint8_t { nothing, permit, end };

  engine::Waiter waiter;
  Entry* previous = nullptr;
  Entry* next = nullptr;
  Given given = Given::nothing;
};

Semaphore::Semaphore(std::size_t count)
    : count_(static_cast<std::ptrdiff_t>(std::min(count, std::size_t{kPermitsMax}))) {}

Semaphore::~Semaphore() {
  check_use(count_.load(std::memory_order_relaxed) != kAwaited,
            "a Semaphore, Event, Mutex or Queue is destroyed while a fiber or thread waits for it");
}

bool Semaphore::try_acquire() noexcept {
  std::ptrdiff_t count = count_.load(std::memory_order_relaxed);
  while (count > 0) {
    if (count_.compare_exchange_weak(count, count - 1, std::memory_order_acquire)) return true;
  }
  return false;
}

Result<void> Semaphore::acquire(Deadline deadline, OnDrain on_drain) {
  if (try_acquire()) return {};
  try {
    return wait(deadline, on_drain);
  } catch (const std::bad_alloc&) {
    return fail({ErrorKind::resource_exhausted, ENOMEM, kAcquire, {}, {}, {}});
  }
}

Result<void> Semaphore::wait(Deadline deadline, OnDrain on_drain) {
  Entry entry(on_drain);
  {
    const std::lock_guard lock(mutex_);
    if (!enqueue(entry)) return {};
    if (is_closed_) {
      remove(entry);
      return fail(closed_error());
    }
  }
  const int ended = entry.waiter.wait(deadline);
  // Held even if the wait was ended by another thread: that one may still be using the entry.
  const std::lock_guard lock(mutex_);
  switch (entry.given) {
    case Entry::Given::permit: return {};
    case Entry::Given::end: return fail(closed_error());
    case Entry::Given::nothing: break;
  }
  remove(entry);
  return fail(engine::operation_error(ended, kAcquire));
}

/// Returns false if a permit was taken in place of that.
bool Semaphore::enqueue(Entry& entry) noexcept {
  std::ptrdiff_t none = 0;
  while (count_.load() != kAwaited && !count_.compare_exchange_weak(none, kAwaited)) {
    if (try_acquire()) return false;
    none = 0;
  }
  entry.previous = last_;
  (last_ == nullptr ? first_ : last_->next) = &entry;
  last_ = &entry;
  return true;
}

void Semaphore::remove(Entry& entry) noexcept {
  (entry.previous == nullptr ? first_ : entry.previous->next) = entry.next;
  (entry.next == nullptr ? last_ : entry.next->previous) = entry.previous;
  if (first_ == nullptr) count_.store(0);
}

Semaphore::Entry& Semaphore::take_first() noexcept {
  Entry& entry = *first_;
  remove(entry);
  return entry;
}

void Semaphore::release() noexcept { release_below(kPermitsMax); }

/// Adds a permit unless there are `count_max` already.
void Semaphore::release_below(std::ptrdiff_t count_max) noexcept {
  std::ptrdiff_t count = count_.load(std::memory_order_relaxed);
  for (;;) {
    if (count != kAwaited) {
      // Written also if it stays the same: the taker of that permit must see what came before.
      const std::ptrdiff_t next = count < count_max ? count + 1 : count;
      if (count_.compare_exchange_weak(count, next, std::memory_order_release)) return;
      continue;
    }
    const std::lock_guard lock(mutex_);
    if (first_ != nullptr) {
      Entry& entry = take_first();
      entry.given = Entry::Given::permit;
      return entry.waiter.wake();
    }
    count = count_.load(std::memory_order_relaxed);
  }
}

void Semaphore::close() noexcept {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  while (first_ != nullptr) {
    Entry& entry = take_first();
    entry.given = Entry::Given::end;
    entry.waiter.wake();
  }
}

std::size_t Semaphore::count() const noexcept {
  const std::ptrdiff_t count = count_.load(std::memory_order_relaxed);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace hotline
