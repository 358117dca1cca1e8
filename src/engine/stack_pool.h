#pragma once

#include <cstddef>
#include <vector>

namespace hotline::engine {

/// The stack of one fiber: `usable_bytes` from `bottom`, with a guard below it.
struct Stack {
  std::byte* bottom = nullptr;
  std::size_t usable_bytes = 0;
  unsigned valgrind_id = 0;

  std::byte* top() const { return bottom + usable_bytes; }
  explicit operator bool() const { return bottom != nullptr; }
};

/// Fiber stacks, mapped lazily in slabs. The stack that was returned last is used first. A slab
/// costs two system calls, and each of its stacks another when it is taken for the first time.
///
/// A guard below each stack stops an overflow. It is as large as the stack, at most
/// kWideGuardBytes, so that no frame that fits into a stack can reach past it, even where the
/// compiler does not probe stacks. Below the first kWideStacks stacks it has kWideGuardBytes, so
/// that a function whose frame fits into no stack is found at its first call. (A wide guard below
/// every stack would cost 2 KiB of page tables each.) MADV_GUARD_INSTALL (Linux 6.13) makes guards
/// without splitting the mapping, so that vm.max_map_count does not limit the number of fibers;
/// older systems use mprotect(2). Loop thread only.
class StackPool {
 public:
  static constexpr std::size_t kWideGuardBytes = 1024 * 1024;
  static constexpr std::size_t kWideStacks = 512;

  explicit StackPool(std::size_t stack_bytes);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  /// Returns a stack, or a false one if there is no memory or mapping left.
  Stack take();

  /// Takes a stack back. If many are unused, returns its pages to the system.
  void give_back(Stack stack);

  /// Returns true if `address` lies in a stack of this pool or in a guard. Safe in a signal
  /// handler.
  bool covers(const void* address) const;

 private:
  struct Slab {
    std::byte* begin = nullptr;
    std::size_t bytes = 0;
  };

  /// The places of the last slab that were not used yet.
  struct Fresh {
    std::byte* next = nullptr;
    std::size_t left = 0;
    std::size_t guard_bytes = 0;
  };

  Stack make_next();
  bool grow();
  bool map_slab(std::size_t guard_bytes);
  bool install_guard(std::byte* begin, std::size_t bytes);

  std::size_t stack_bytes_;
  std::size_t wide_stacks_left_;
  bool has_light_guards_ = true;
  std::vector<Slab> slabs_;
  Fresh fresh_;
  std::vector<Stack> free_;
};

}  // namespace hotline::engine
