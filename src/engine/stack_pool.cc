#include "engine/stack_pool.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "engine/annotations.h"

namespace hotline::engine {
namespace {

// Not in the headers of Debian 12; from linux/mman.h of 6.13.
constexpr int kMadvGuardInstall = 102;

constexpr std::size_t kStacksInSlab = 32;
constexpr std::size_t kWarmStacksMax = 256;
constexpr std::size_t kAsanStackBytes = 256 * 1024;

std::size_t round_up_to_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

/// Wide guards use only address space, which most programs have without limit.
bool is_address_space_limited() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace

StackPool::StackPool(std::size_t stack_bytes)
    : stack_bytes_(
          round_up_to_pages(std::max(stack_bytes, kUnderAsan ? kAsanStackBytes : 16 * 1024))),
      wide_stacks_left_(is_address_space_limited() ? 0 : kWideStacks) {}

StackPool::~StackPool() {
  for (const Stack& stack : free_) unregister_stack(stack.valgrind_id);
  for (const Slab& slab : slabs_) ::munmap(slab.begin, slab.bytes);
}

Stack StackPool::take() {
  if (free_.empty()) return make_next();
  const Stack stack = free_.back();
  free_.pop_back();
  return stack;
}

/// Returns the next stack that no fiber has had, or a false one.
Stack StackPool::make_next() {
  if (fresh_.left == 0 && !grow()) return {};
  // Later than the slab is mapped: a program with a few fibers makes a few guards.
  if (!install_guard(fresh_.next, fresh_.guard_bytes)) return {};
  std::byte* const bottom = fresh_.next + fresh_.guard_bytes;
  fresh_.next = bottom + stack_bytes_;
  --fresh_.left;
  return {bottom, stack_bytes_, register_stack(bottom, stack_bytes_)};
}

void StackPool::give_back(Stack stack) {
  if (free_.size() >= kWarmStacksMax) ::madvise(stack.bottom, stack.usable_bytes, MADV_DONTNEED);
  free_.push_back(stack);
}

bool StackPool::covers(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  return std::ranges::any_of(slabs_, [byte](const Slab& slab) {
    return byte >= slab.begin && byte < slab.begin + slab.bytes;
  });
}

bool StackPool::grow() {
  // Nothing may fail after the slab has been mapped, or when its stacks are returned.
  try {
    slabs_.reserve(slabs_.size() + 1);
    free_.reserve((slabs_.size() + 1) * kStacksInSlab);
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (wide_stacks_left_ > 0 && map_slab(kWideGuardBytes)) {
    wide_stacks_left_ -= std::min(wide_stacks_left_, kStacksInSlab);
    return true;
  }
  return map_slab(std::min(stack_bytes_, kWideGuardBytes));
}

bool StackPool::map_slab(std::size_t guard_bytes) {
  const std::size_t slot_bytes = guard_bytes + stack_bytes_;
  const std::size_t slab_bytes = kStacksInSlab * slot_bytes;
  void* mapped = ::mmap(nullptr, slab_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) return false;
  auto* slab = static_cast<std::byte*>(mapped);
  // A huge page would make 2 MiB resident for the few KiB that a parked fiber needs.
  ::madvise(slab, slab_bytes, MADV_NOHUGEPAGE);
  slabs_.push_back({slab, slab_bytes});
  fresh_ = {slab, kStacksInSlab, guard_bytes};
  return true;
}

bool StackPool::install_guard(std::byte* begin, std::size_t bytes) {
  if (has_light_guards_ && ::madvise(begin, bytes, kMadvGuardInstall) == 0) return true;
  has_light_guards_ = false;
  return ::mprotect(begin, bytes, PROT_NONE) == 0;
}

}  // namespace hotline::engine
