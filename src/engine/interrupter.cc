#include "engine/interrupter.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "engine/above_standard.h"
#include "engine/end_code.h"

namespace hotline::engine {
namespace {

using Requests = std::atomic<unsigned>;
static_assert(Requests::is_always_lock_free, "processes share it");

/// Returns null if there is no memory.
Requests* map_shared() noexcept {
  void* const memory =
      ::mmap(nullptr, sizeof(Requests), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) Requests(0);
}

}  // namespace

void Interrupter::Unmap::operator()(Requests* requests) const noexcept {
  ::munmap(requests, sizeof(Requests));
}

Interrupter::Interrupter(Reach reach)
    : fd_(above_standard(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))),
      shared_(reach == Reach::forked_processes ? map_shared() : nullptr) {
  if (reach == Reach::forked_processes && !shared_) fd_.reset();
}

bool Interrupter::clear_wakeup() noexcept {
  eventfd_t count = 0;
  return ::eventfd_read(fd_.get(), &count) == 0;
}

int Interrupter::take_end_code() noexcept {
  if (requests().load(std::memory_order_relaxed) == 0) return 0;
  const unsigned requested = requests().exchange(0, std::memory_order_acquire);
  return (requested & kCancelRequest) != 0 ? kCancelEnd : kDrainEnd;
}

void Interrupter::request(unsigned which) noexcept {
  if (!fd_) return;
  // Before the wake-up, so that the other side finds it.
  requests().fetch_or(which, std::memory_order_release);
  ::eventfd_write(fd_.get(), 1);
}

}  // namespace hotline::engine
