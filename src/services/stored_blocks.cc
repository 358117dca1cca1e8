#include "services/stored_blocks.h"

#include <vector>

#include "services/block_hashes.h"

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

}  // namespace hotline::services
