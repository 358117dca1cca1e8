#include "framing/spare_blocks.h"

#include <algorithm>
#include <new>
#include <utility>

namespace hotline::framing {

Block SpareBlocks::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto fits = [bytes](const Block& block) {
    return block.bytes >= bytes && block.bytes / 2 <= bytes;
  };
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), fits);
  if (found == blocks_.rend()) return {};
  Block block = std::move(*found);
  blocks_.erase(std::next(found).base());
  bytes_ -= block.bytes;
  return block;
}

void SpareBlocks::keep(Block block) noexcept try {
  if (block.bytes < kBlockMin) return;
  const std::lock_guard lock(mutex_);
  if (block.bytes > kBytesMax - bytes_) return;
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
