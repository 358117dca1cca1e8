#pragma once

#include <cstddef>
#include <vector>

namespace hotline::engine {

/// The stack of one fiber: `usable_bytes` from `bottom`, below it a guard page.
struct Stack {
  std::byte* bottom = nullptr;
  std::size_t usable_bytes = 0;
  unsigned valgrind_id = 0;

  std::byte* top() const { return bottom + usable_bytes; }
  explicit operator bool() const { return bottom != nullptr; }
};

/// Fiber stacks, mapped lazily in slabs and used again last in, first out. A guard page below each
/// stops an overflow; MADV_GUARD_INSTALL (Linux 6.13) makes it without splitting the mapping, so
/// that vm.max_map_count does not limit fibers; mprotect(2) where that is not to be had. Loop
/// thread only.
class StackPool {
 public:
  explicit StackPool(std::size_t stack_bytes);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  /// A stack; a false one if there is no memory or mapping left.
  Stack take();

  /// Takes it back. When many lie idle its pages go back to the system.
  void give_back(Stack stack);

  /// Bytes of one guard page below each stack.
  static std::size_t guard_bytes();

 private:
  bool grow();
  bool install_guard(std::byte* page);

  std::size_t slot_bytes_;
  bool has_light_guards_ = true;
  std::vector<std::byte*> slabs_;
  std::vector<Stack> free_;
};

}  // namespace hotline::engine
