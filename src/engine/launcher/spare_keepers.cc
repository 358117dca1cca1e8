#include "engine/launcher/spare_keepers.h"

#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <new>

namespace hotline::engine {

// Other processes use the same memory, so a lock within this one would not do.
static_assert(std::atomic<pid_t>::is_always_lock_free);

SpareKeepers* SpareKeepers::make() {
  void* const memory = ::mmap(nullptr, sizeof(SpareKeepers), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) SpareKeepers;
}

pid_t SpareKeepers::begin_fork() {
  last_fork_ = last_fork_ > std::numeric_limits<pid_t>::min() ? last_fork_ - 1 : -1;
  return replace(kFree, last_fork_) ? last_fork_ : 0;
}

std::size_t SpareKeepers::count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(places_, [](const auto& place) { return place.load() != kFree; }));
}

/// Returns false if no place has the value `from`.
bool SpareKeepers::replace(pid_t from, pid_t to) {
  return std::ranges::any_of(places_, [&](std::atomic<pid_t>& place) {
    pid_t expected = from;
    return place.compare_exchange_strong(expected, to);
  });
}

}  // namespace hotline::engine
