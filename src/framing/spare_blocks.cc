#include "framing/spare_blocks.h"

#include <algorithm>
#include <new>
#include <utility>

namespace hotline::framing {

Block SpareBlocks::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto fits = [bytes](const Block& block) {
    return block.bytes >= bytes && block.bytes - bytes <= bytes / 4;
  };
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), fits);
  if (found == blocks_.rend()) return {};
  Block block = std::move(*found);
  blocks_.erase(std::next(found).base());
  bytes_ -= block.bytes;
  return block;
}

void SpareBlocks::keep(Block block) noexcept try {
  if (block.bytes < kBlockMin || block.bytes > kBlockMax) return;
  std::vector<Block> dropped;  // Freed without the mutex.
  const std::lock_guard lock(mutex_);
  while (bytes_ + block.bytes > kBytesMax) {
    dropped.push_back(std::move(blocks_.front()));
    blocks_.erase(blocks_.begin());
    bytes_ -= dropped.back().bytes;
  }
  const std::size_t bytes = block.bytes;
  blocks_.push_back(std::move(block));
  bytes_ += bytes;
} catch (const std::bad_alloc&) {
  return;  // The block has been freed.
}

std::size_t SpareBlocks::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace hotline::framing
