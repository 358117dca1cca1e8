#include "engine/uring/buffer_ring.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace hotline::engine {

BufferRing::BufferRing(io_uring& ring, BufferPool& pool, unsigned hot)
    : ring_(ring), pool_(pool), hot_(hot), mapped_bytes_(hot * sizeof(io_uring_buf)) {
  void* mapped =
      ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  shared_ = static_cast<io_uring_buf_ring*>(mapped);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(mapped);
  registration.ring_entries = hot;
  registration.bgid = kGroup;
  const int failed = io_uring_register_buf_ring(&ring_, &registration, 0);
  if (failed == 0) return;
  ::munmap(mapped, mapped_bytes_);
  throw std::system_error(-failed, std::generic_category(), "io_uring_register_buf_ring");
}

BufferRing::~BufferRing() {
  io_uring_unregister_buf_ring(&ring_, kGroup);
  // Returns the buffers that the kernel still holds: the last `held_` entries before the tail.
  const auto* entries = reinterpret_cast<const io_uring_buf*>(shared_);
  for (; held_ > 0; --held_) {
    pool_.give_back(entries[static_cast<std::uint16_t>(tail_ - held_) & (hot_ - 1)].bid);
  }
  ::munmap(shared_, mapped_bytes_);
}

void BufferRing::top_up() {
  if (held_ == hot_) return;
  // Does not use io_uring_buf_ring::bufs, because the header of Debian 12 gives it a wrong offset
  // in C++.
  auto* entries = reinterpret_cast<io_uring_buf*>(shared_);
  while (held_ < hot_) {
    const std::uint32_t index = pool_.take_index();
    if (index == BufferPool::kNone) break;
    const MutableBytes memory = pool_.memory_of(index);
    io_uring_buf& entry = entries[tail_ & (hot_ - 1)];
    entry.addr = reinterpret_cast<std::uintptr_t>(memory.data());
    entry.len = static_cast<std::uint32_t>(memory.size());
    entry.bid = static_cast<std::uint16_t>(index);
    ++tail_;
    ++held_;
  }
  std::atomic_ref(shared_->tail).store(tail_, std::memory_order_release);
}

}  // namespace hotline::engine
