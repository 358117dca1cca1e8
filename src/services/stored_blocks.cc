#include "services/stored_blocks.h"

#include <algorithm>
#include <vector>

#include "services/block_hashes.h"
#include "services/content_digest.h"

namespace hotline::services {
namespace {

constexpr std::size_t kStoredReadBytes = 256U << 10;

FileOutcome<BlockHash> hash_of_stored(DiskFile& file, std::uint64_t offset,
                                      std::vector<std::byte>& room) {
  BlockHasher hasher;
  for (std::uint64_t at = 0; at < kFileBlockBytes; at += room.size()) {
    const auto count = file.read_at(offset + at, room);
    if (!count) return storage_failure(count.error());
    hasher.add(Bytes(room).first(*count));
  }
  return hasher.value();
}

}  // namespace

FileOutcome<std::uint64_t> count_unchanged_blocks(DiskFile& file,
                                                  std::span<const BlockHash> blocks) {
  std::vector<std::byte> room(blocks.empty() ? 0 : kStoredReadBytes);
  std::uint64_t count = 0;
  for (const BlockHash& expected : blocks) {
    const auto stored = hash_of_stored(file, count * kFileBlockBytes, room);
    if (!stored) return std::unexpected(stored.error());
    if (*stored != expected) break;
    ++count;
  }
  return count;
}

FileOutcome<FileDigest> digest_of_stored(DiskFile& file, FileDigestKind kind, std::uint64_t size) {
  ContentDigest digest(kind);
  std::vector<std::byte> room(
      static_cast<std::size_t>(std::min<std::uint64_t>(kStoredReadBytes, size)));
  for (std::uint64_t offset = 0; offset < size;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), size - offset));
    const auto count = file.read_at(offset, MutableBytes(room).first(wanted));
    if (!count) return storage_failure(count.error());
    digest.add(Bytes(room).first(*count));
    offset += *count;
    if (*count == wanted) continue;
    digest.add_zeros(size - offset);
    break;
  }
  return digest.finish();
}

}  // namespace hotline::services
