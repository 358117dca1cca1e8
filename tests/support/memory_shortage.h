#pragma once

#include <cstddef>

namespace hotline::test {

/// While it exists, allocations by `operator new` fail, on every thread. One at a time.
class MemoryShortage {
 public:
  enum class Extent : bool { one, all };

  /// `spared` allocations succeed; after them one fails, or all do.
  explicit MemoryShortage(std::size_t spared = 0, Extent extent = Extent::all);
  MemoryShortage(const MemoryShortage&) = delete;
  MemoryShortage& operator=(const MemoryShortage&) = delete;
  ~MemoryShortage();

  /// Returns true if an allocation has failed.
  bool has_struck() const;
};

/// Runs `scenario` with each of its allocations failing in turn, until none is left to fail. Its
/// argument is the number of allocations to spare, and it returns MemoryShortage::has_struck().
template <typename Scenario>
void with_each_allocation_failing(Scenario scenario) {
  std::size_t spared = 0;
  while (scenario(spared)) ++spared;
}

}  // namespace hotline::test
