#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "hotline/core/bytes.h"

namespace hotline::engine {

class BufferPool;

/// One receive buffer: the memory of a lease. Move only. The destructor returns it to its pool, if
/// it has one. A buffer of a pool stays on the pool's thread.
class Buffer {
 public:
  Buffer() = default;
  Buffer(BufferPool& pool, std::uint32_t index, MutableBytes memory)
      : pool_(&pool), index_(index), memory_(memory) {}

  /// Allocates heap memory that belongs to no pool.
  explicit Buffer(std::size_t size);

  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer() {
    if (!memory_.empty()) release();
  }

  explicit operator bool() const { return !memory_.empty(); }
  MutableBytes memory() const { return memory_; }

  /// The number of received bytes in the memory.
  std::size_t filled() const { return filled_; }
  void set_filled(std::size_t filled) { filled_ = static_cast<std::uint32_t>(filled); }

  bool is_pooled() const { return pool_ != nullptr; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(index_, other.index_);
    std::swap(filled_, other.filled_);
    std::swap(memory_, other.memory_);
  }
  void release() noexcept;

  BufferPool* pool_ = nullptr;
  std::uint32_t index_ = 0;
  std::uint32_t filled_ = 0;
  MutableBytes memory_;
};

/// Receive buffers of one size. The buffer that was returned last is handed out first, so that the
/// same few stay in the cache. The pool grows by slabs up to a limit and never shrinks. Loop thread
/// only.
class BufferPool {
 public:
  /// Whether returned buffers are overwritten, to expose use after return.
  enum class OnReturn : bool { leave, poison };

  struct Options {
    std::size_t buffer_bytes = 64 * 1024;
    std::size_t memory_max = 64 * 1024 * 1024;
    OnReturn on_return = OnReturn::leave;
  };

  explicit BufferPool(Options options);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// Returns a free buffer, or an empty one if the limit is reached.
  Buffer take();

  /// Returns the index of a free buffer for the kernel's ring, or kNone if the limit is reached.
  std::uint32_t take_index();
  MutableBytes memory_of(std::uint32_t index) const;
  Buffer adopt(std::uint32_t index, std::size_t filled);
  void give_back(std::uint32_t index);

  std::size_t buffer_bytes() const { return options_.buffer_bytes; }
  std::size_t free_count() const { return free_.size() + (available_max() - grown_); }
  std::size_t count_max() const { return count_max_; }

  /// Returns true if the pool has allocated any buffer. One that is in use will be returned.
  bool has_any() const { return grown_ > 0; }

  /// Returns how many free buffers there are beyond the reserve of one eighth. Streams that carry
  /// much data may not use the reserve.
  std::size_t above_reserve() const {
    const std::size_t free = free_count();
    return free - std::min(free, available_max() / 8);
  }

  /// Returns true if so many buffers are in use that no stream should hold one ahead of its need.
  bool is_running_short() const { return free_count() < available_max() / 2; }

  /// Returns how many buffers are in use.
  std::size_t taken_count() const { return grown_ - free_.size(); }

  /// Lets the pool try to grow again after the system had no memory.
  void expect_growth() { has_failed_to_grow_ = false; }

  static constexpr std::uint32_t kNone = ~0U;

 private:
  /// The number of buffers that there can be. If the pool cannot grow, it is the number that there
  /// are.
  std::size_t available_max() const { return has_failed_to_grow_ ? grown_ : count_max_; }

  bool grow();
  bool map_slab(std::size_t count);

  Options options_;
  std::size_t count_max_;
  std::size_t grown_ = 0;
  std::size_t slab_count_;
  bool has_failed_to_grow_ = false;
  std::vector<std::byte*> slabs_;
  std::vector<std::uint32_t> free_;
};

}  // namespace hotline::engine
