#include "support/memory_shortage.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace hotline::test {
namespace {

std::atomic<bool> is_short = false;
std::atomic<std::size_t> spared_left = 0;
std::atomic<std::size_t> failed_count = 0;
std::atomic<MemoryShortage::Extent> failing = MemoryShortage::Extent::all;

bool fails_now() {
  if (!is_short) return false;
  if (std::size_t left = spared_left; left > 0) {
    spared_left = left - 1;
    return false;
  }
  if (failing == MemoryShortage::Extent::one) is_short = false;
  ++failed_count;
  return true;
}

}  // namespace

MemoryShortage::MemoryShortage(std::size_t spared, Extent extent) {
  spared_left = spared;
  failed_count = 0;
  failing = extent;
  is_short = true;
}

MemoryShortage::~MemoryShortage() { is_short = false; }

bool MemoryShortage::has_struck() const { return failed_count > 0; }

}  // namespace hotline::test

void* operator new(std::size_t size) {
  if (hotline::test::fails_now()) throw std::bad_alloc();
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

// The sanitizers have an operator for arrays of their own.
void* operator new[](std::size_t size) { return operator new(size); }

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
