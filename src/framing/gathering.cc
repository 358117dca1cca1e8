#include "framing/gathering.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace hotline::framing {
namespace {

constexpr std::size_t kCapacityMin = 256;

// What a busy stream needs for frames that are split across two receives.
constexpr std::size_t kKeptMax = 64 * 1024;

}  // namespace

std::size_t Gathering::room_for(std::size_t frame_bytes) const {
  return std::min(frame_bytes, std::max(capacity_, 2 * size_)) - size_;
}

MutableBytes Gathering::make_room_for(std::size_t frame_bytes) {
  const std::size_t room = room_for(frame_bytes);
  if (size_ + room > capacity_) grow(size_ + room);
  return {block_.memory.get() + size_, room};
}

void Gathering::append(Bytes piece, std::size_t frame_bytes) {
  if (piece.empty()) return;
  const std::size_t needed = size_ + piece.size();
  const std::size_t expected = std::min(frame_bytes, 2 * needed);
  if (needed > capacity_) grow(std::max({needed, expected, 2 * size_, kCapacityMin}));
  std::copy(piece.begin(), piece.end(), block_.memory.get() + size_);
  size_ = needed;
}

void Gathering::clear() {
  size_ = 0;
  if (capacity_ > kKeptMax) release();
}

void Gathering::release() {
  if (budget_ != nullptr) {
    budget_->give_back(capacity_);
    budget_->spares().keep(std::move(block_));
  }
  block_ = {};
  capacity_ = 0;
  size_ = 0;
}

void Gathering::grow(std::size_t capacity) {
  const std::size_t more = capacity - capacity_;
  if (budget_ != nullptr) budget_->take(more, capacity);
  try {
    make_block(capacity);
  } catch (const std::bad_alloc&) {
    if (budget_ != nullptr) budget_->give_back(more);
    throw;
  }
  capacity_ = capacity;
}

/// Gives the block at least `bytes`, with what it has so far.
void Gathering::make_block(std::size_t bytes) {
  if (block_.bytes >= bytes) return;
  if (budget_ != nullptr && bytes >= SpareBlocks::kBlockMin) {
    if (Block spare = budget_->spares().take(bytes); spare.memory) {
      std::copy_n(block_.memory.get(), size_, spare.memory.get());
      budget_->spares().keep(std::exchange(block_, std::move(spare)));
      return;
    }
  }
  // To grow, large memory is remapped instead of copied.
  void* const grown = std::realloc(block_.memory.get(), bytes);
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(block_.memory.release());
  block_.memory.reset(static_cast<std::byte*>(grown));
  block_.bytes = bytes;
}

}  // namespace hotline::framing
