#include "engine/stack_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "engine/annotations.h"

namespace hotline::engine {
namespace {

// Not in Debian 12's headers: linux/mman.h of 6.13.
constexpr int kMadvGuardInstall = 102;

constexpr std::size_t kStacksInSlab = 32;
constexpr std::size_t kWarmStacksMax = 256;
constexpr std::size_t kAsanStackBytes = 256 * 1024;

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::size_t round_up_to_pages(std::size_t bytes) {
  const std::size_t page = page_bytes();
  return (bytes + page - 1) / page * page;
}

}  // namespace

StackPool::StackPool(std::size_t stack_bytes)
    : slot_bytes_(
          round_up_to_pages(std::max(stack_bytes, kUnderAsan ? kAsanStackBytes : 16 * 1024)) +
          guard_bytes()) {}

StackPool::~StackPool() {
  for (const Stack& stack : free_) unregister_stack(stack.valgrind_id);
  for (std::byte* slab : slabs_) ::munmap(slab, kStacksInSlab * slot_bytes_);
}

std::size_t StackPool::guard_bytes() { return page_bytes(); }

Stack StackPool::take() {
  if (free_.empty() && !grow()) return {};
  const Stack stack = free_.back();
  free_.pop_back();
  return stack;
}

void StackPool::give_back(Stack stack) {
  if (free_.size() >= kWarmStacksMax) ::madvise(stack.bottom, stack.usable_bytes, MADV_DONTNEED);
  free_.push_back(stack);
}

bool StackPool::grow() {
  // Nothing may fail once the slab is mapped, nor when its stacks come back.
  try {
    slabs_.reserve(slabs_.size() + 1);
    free_.reserve((slabs_.size() + 1) * kStacksInSlab);
  } catch (const std::bad_alloc&) {
    return false;
  }
  const std::size_t slab_bytes = kStacksInSlab * slot_bytes_;
  void* mapped = ::mmap(nullptr, slab_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) return false;
  auto* slab = static_cast<std::byte*>(mapped);
  // A huge page would make 2 MiB resident for the few KiB that a parked fiber needs.
  ::madvise(slab, slab_bytes, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < kStacksInSlab; ++i) {
    if (install_guard(slab + i * slot_bytes_)) continue;
    ::munmap(slab, slab_bytes);
    return false;
  }
  slabs_.push_back(slab);
  const std::size_t usable = slot_bytes_ - guard_bytes();
  for (std::size_t i = kStacksInSlab; i > 0; --i) {
    std::byte* bottom = slab + (i - 1) * slot_bytes_ + guard_bytes();
    free_.push_back({bottom, usable, register_stack(bottom, usable)});
  }
  return true;
}

bool StackPool::install_guard(std::byte* page) {
  if (has_light_guards_ && ::madvise(page, guard_bytes(), kMadvGuardInstall) == 0) return true;
  has_light_guards_ = false;
  return ::mprotect(page, guard_bytes(), PROT_NONE) == 0;
}

}  // namespace hotline::engine
