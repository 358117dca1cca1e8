#include "engine/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/check.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kSlabBytes = 1024 * 1024;

}  // namespace

Buffer::Buffer(std::size_t size) : memory_(new std::byte[size], size) {}

void Buffer::release() noexcept {
  if (pool_ == nullptr) {
    delete[] memory_.data();
  } else {
    pool_->give_back(index_);
  }
}

BufferPool::BufferPool(Options options)
    : options_(options),
      count_max_(std::max<std::size_t>(1, options.memory_max / options.buffer_bytes)),
      slab_count_(std::clamp<std::size_t>(kSlabBytes / options.buffer_bytes, 1, count_max_)) {
  free_.reserve(slab_count_);
}

BufferPool::~BufferPool() {
  check_use(free_.size() == grown_, "a lease of received bytes outlives its event loop");
  for (std::byte* slab : slabs_) ::munmap(slab, slab_count_ * options_.buffer_bytes);
}

Buffer BufferPool::take() {
  const std::uint32_t index = take_index();
  if (index == kNone) return {};
  return adopt(index, 0);
}

std::uint32_t BufferPool::take_index() {
  if (free_.empty() && !grow()) return kNone;
  const std::uint32_t index = free_.back();
  free_.pop_back();
  return index;
}

MutableBytes BufferPool::memory_of(std::uint32_t index) const {
  std::byte* slab = slabs_[index / slab_count_];
  return {slab + (index % slab_count_) * options_.buffer_bytes, options_.buffer_bytes};
}

Buffer BufferPool::adopt(std::uint32_t index, std::size_t filled) {
  Buffer buffer(*this, index, memory_of(index));
  buffer.set_filled(filled);
  return buffer;
}

void BufferPool::give_back(std::uint32_t index) {
  if (options_.on_return == OnReturn::poison) {
    const MutableBytes memory = memory_of(index);
    std::memset(memory.data(), 0xdb, memory.size());
  }
  free_.push_back(index);
}

bool BufferPool::grow() {
  const std::size_t count = std::min(slab_count_, count_max_ - grown_);
  if (count == 0) return false;
  const bool has_grown = map_slab(count);
  // If the pool has no buffer at all, none can be returned to it, so each attempt must try to grow
  // again.
  has_failed_to_grow_ = !has_grown && grown_ > 0;
  return has_grown;
}

bool BufferPool::map_slab(std::size_t count) {
  // Nothing may fail after the slab has been mapped, or when its buffers are returned.
  try {
    slabs_.reserve(slabs_.size() + 1);
    free_.reserve(grown_ + count);
  } catch (const std::bad_alloc&) {
    return false;
  }
  void* slab = ::mmap(nullptr, slab_count_ * options_.buffer_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (slab == MAP_FAILED) return false;
  slabs_.push_back(static_cast<std::byte*>(slab));
  for (std::size_t i = count; i > 0; --i) {
    free_.push_back(static_cast<std::uint32_t>(grown_ + i - 1));
  }
  grown_ += count;
  return true;
}

}  // namespace hotline::engine
