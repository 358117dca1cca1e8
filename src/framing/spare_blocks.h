#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace hotline::framing {

/// A piece of memory that malloc(3) has returned; it may be resized by realloc(3).
struct Block {
  struct Free {
    void operator()(std::byte* begin) const { std::free(begin); }
  };

  std::unique_ptr<std::byte, Free> memory{};
  std::size_t bytes = 0;
};

/// The memory of large messages that have ended, for the next ones: the C library would give it
/// back to the system, and each page of it would cost a fault again. Any thread.
class SpareBlocks {
 public:
  /// Smaller blocks are not kept: the C library does that better.
  static constexpr std::size_t kBlockMin = 64 * 1024;
  static constexpr std::size_t kBlockMax = 1024 * 1024;
  static constexpr std::size_t kBytesMax = 4 * 1024 * 1024;

  SpareBlocks() = default;
  SpareBlocks(const SpareBlocks&) = delete;
  SpareBlocks& operator=(const SpareBlocks&) = delete;

  /// Returns the block that was kept last of those that have at least `bytes`, and at most a
  /// quarter more; or an empty one.
  Block take(std::size_t bytes);

  /// Keeps `block` in place of those that were kept first, if there is no room. Frees it if it is
  /// too small or too large.
  void keep(Block block) noexcept;

  /// Returns the size of all blocks that are kept.
  std::size_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Block> blocks_{};
  std::size_t bytes_ = 0;
};

}  // namespace hotline::framing
