#include "services/gathered_writes.h"

#include <algorithm>

namespace hotline::services {

void GatheredWrites::reserve(std::uint64_t size) {
  const std::size_t room = kBytesMax - bytes_.size();
  bytes_.reserve(bytes_.size() + static_cast<std::size_t>(std::min<std::uint64_t>(room, size)));
}

Result<void> GatheredWrites::append(DiskFile& file, std::uint64_t offset, Bytes bytes) {
  if (offset != offset_ + bytes_.size()) {
    if (auto flushed = flush(file); !flushed) return flushed;
    offset_ = offset;
  }
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kBytesMax - bytes_.size()));
    bytes_.insert(bytes_.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
    if (bytes_.size() < kBytesMax) continue;
    if (auto flushed = flush(file); !flushed) return flushed;
  }
  return {};
}

Result<void> GatheredWrites::flush(DiskFile& file) {
  if (is_empty()) return {};
  if (auto written = file.write_at(offset_, bytes_); !written) return written;
  offset_ += bytes_.size();
  bytes_.clear();
  return {};
}

void GatheredWrites::drop() { bytes_ = {}; }

}  // namespace hotline::services
