#include "session/bulk_memory.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace hotline::session {
namespace {

// More are given back to the system when their readers are done.
constexpr std::size_t kSpareMax = 8;

bool is_free(const SharedMemory& memory) { return memory.use_count() == 1; }

}  // namespace

MutableBytes BulkMemory::room() {
  if (chunk_ && is_free(chunk_)) filled_ = 0;
  if (!chunk_ || kChunkBytes - filled_ < kChunkBytes / 2) take_chunk();
  return MutableBytes(chunk_.get(), kChunkBytes).subspan(filled_);
}

void BulkMemory::take_chunk() {
  // The last one is the one that the caches are likeliest to have.
  const auto found = std::ranges::find_if(spare_.rbegin(), spare_.rend(), is_free);
  SharedMemory next =
      found != spare_.rend() ? *found : std::make_shared_for_overwrite<std::byte[]>(kChunkBytes);
  if (found != spare_.rend()) spare_.erase(std::next(found).base());
  if (chunk_ && spare_.size() < kSpareMax) spare_.push_back(std::move(chunk_));
  chunk_ = std::move(next);
  filled_ = 0;
}

SharedMemory BulkMemory::memory_of(Bytes bytes) const {
  if (!chunk_ || bytes.size() < kSharedBytesMin) return nullptr;
  const bool is_part = std::greater_equal<>()(bytes.data(), chunk_.get()) &&
                       std::less<>()(bytes.data(), chunk_.get() + kChunkBytes);
  return is_part ? chunk_ : nullptr;
}

void BulkMemory::drop() {
  chunk_.reset();
  std::vector<SharedMemory>().swap(spare_);
}

}  // namespace hotline::session
