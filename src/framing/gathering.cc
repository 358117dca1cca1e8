#include "framing/gathering.h"

#include <algorithm>
#include <new>

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
  return {memory_.get() + size_, room};
}

void Gathering::append(Bytes piece) {
  if (piece.empty()) return;
  const std::size_t needed = size_ + piece.size();
  if (needed > capacity_) grow(std::max({needed, 2 * size_, kCapacityMin}));
  std::ranges::copy(piece, memory_.get() + size_);
  size_ = needed;
}

void Gathering::clear() {
  size_ = 0;
  if (capacity_ > kKeptMax) release();
}

void Gathering::release() {
  memory_.reset();
  if (budget_ != nullptr) budget_->give_back(capacity_);
  capacity_ = 0;
  size_ = 0;
}

void Gathering::grow(std::size_t capacity) {
  const std::size_t more = capacity - capacity_;
  if (budget_ != nullptr) budget_->take(more, capacity);
  void* const grown = std::realloc(memory_.get(), capacity);
  if (grown == nullptr) {
    if (budget_ != nullptr) budget_->give_back(more);
    throw std::bad_alloc();
  }
  static_cast<void>(memory_.release());
  memory_.reset(static_cast<std::byte*>(grown));
  capacity_ = capacity;
}

}  // namespace hotline::framing
