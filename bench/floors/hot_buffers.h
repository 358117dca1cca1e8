#pragma once

#include <liburing.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <vector>

#include "listening.h"

namespace floors {

inline constexpr std::uint16_t kNoBuffer = 0xffff;

// The buffers that a ring's multishot receives draw from. The kernel takes them in ring order, so
// that a large ring would walk through cold memory; here only kHot are in the ring at a time, and
// they are replaced by those given back last.
class HotBuffers {
 public:
  static constexpr std::uint16_t kGroup = 0;

  explicit HotBuffers(io_uring& ring) : entries_(map_entries()) {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(entries_);
    registration.ring_entries = kRingEntries;
    registration.bgid = kGroup;
    errno = -io_uring_register_buf_ring(&ring, &registration, 0);
    if (errno != 0) die("io_uring_register_buf_ring");
    for (unsigned i = kCount; i > 0; --i) free_.push_back(static_cast<std::uint16_t>(i - 1));
    refill();
  }

  char* data(std::uint16_t buffer) { return memory_.get() + buffer * kStride; }
  std::size_t size(std::uint16_t buffer) const { return used_[buffer].size; }
  std::uint16_t next(std::uint16_t buffer) const { return used_[buffer].next; }
  void chain(std::uint16_t buffer, std::uint16_t next) { used_[buffer].next = next; }

  // The kernel has put `size` bytes into `buffer` and with that taken it out of the ring.
  void take(std::uint16_t buffer, std::size_t size) {
    used_[buffer] = {static_cast<std::uint32_t>(size), kNoBuffer};
    --in_ring_;
  }

  void give_back(std::uint16_t buffer) { free_.push_back(buffer); }

  // Brings the ring back to kHot buffers, as far as there are any.
  void refill() {
    while (in_ring_ < kHot && !free_.empty()) {
      const std::uint16_t buffer = free_.back();
      free_.pop_back();
      // Not io_uring_buf_ring::bufs: in C++ some kernel headers give it a wrong offset.
      io_uring_buf& entry = entries_[tail_++ & (kRingEntries - 1)];
      entry.addr = reinterpret_cast<std::uint64_t>(data(buffer));
      entry.len = kSize;
      entry.bid = buffer;
      ++in_ring_;
    }
    auto* ring = reinterpret_cast<io_uring_buf_ring*>(entries_);
    io_uring_smp_store_release(&ring->tail, tail_);
  }

  // Whether a receive that found the ring empty is worth arming again.
  bool plenty() const { return in_ring_ >= kHot / 2; }

 private:
  // The kernel completes up to 40 receives an enter: fewer than twice that many would run dry.
  static constexpr unsigned kHot = 64;
  static constexpr unsigned kRingEntries = 64;
  static constexpr unsigned kCount = 1024;
  static constexpr unsigned kSize = 16 * 1024;
  // Not a power of two, so that the first lines of the buffers spread over the cache's sets.
  static constexpr std::size_t kStride = kSize + 192;

  struct Used {
    std::uint32_t size = 0;
    std::uint16_t next = kNoBuffer;
  };

  static io_uring_buf* map_entries() {
    void* memory = mmap(nullptr, kRingEntries * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    return static_cast<io_uring_buf*>(memory);
  }

  io_uring_buf* entries_;
  std::unique_ptr<char[]> memory_ = std::make_unique_for_overwrite<char[]>(kCount * kStride);
  std::vector<Used> used_ = std::vector<Used>(kCount);
  std::vector<std::uint16_t> free_;
  unsigned in_ring_ = 0;
  std::uint16_t tail_ = 0;
};

}  // namespace floors
