#include "services/opened_file.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "hotline/engine/file_work.h"
#include "services/block_hashes.h"
#include "services/content_digest.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr std::size_t kSumReadBytes = 256U << 10;

/// How many blocks are read and hashed in one piece.
constexpr std::uint64_t kHashedAtOnce = 8;

}  // namespace

OpenedFile::OpenedFile(DiskFile file, const FileStatus& status, RightCheck may_read)
    : file_(std::move(file)), meta_(meta_of(status)), may_read_(std::move(may_read)) {}

FileOutcome<std::size_t> OpenedFile::read(std::uint64_t offset, MutableBytes room) {
  const std::uint64_t left = meta_.size - std::min(offset, meta_.size);
  room = room.first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), left)));
  if (room.empty()) return 0;
  const auto count = file_.read_at(offset, room);
  if (!count) return storage_failure(count.error());
  if (*count < room.size()) return refuse(FileErrorCode::changed, "it has become shorter");
  return *count;
}

FileOutcome<std::uint64_t> OpenedFile::next_data(std::uint64_t offset) {
  if (offset >= meta_.size) return meta_.size;
  const auto data = file_.next_data(offset);
  if (!data) return storage_failure(data.error());
  if (!*data) return meta_.size;
  return std::clamp((*data)->offset, offset, meta_.size);
}

FileOutcome<void> OpenedFile::check_unchanged() {
  const auto status = file_.status();
  if (!status) return storage_failure(status.error());
  if (version_of(*status) == meta_.version) return {};
  return refuse(FileErrorCode::changed, "it has changed while it was read");
}

FileOutcome<OpenedFile::Sums> OpenedFile::sums(FileDigestKind kind) {
  BlockHashes hashes;
  ContentDigest digest(kind);
  std::vector<std::byte> room(
      static_cast<std::size_t>(std::min<std::uint64_t>(kSumReadBytes, meta_.size)));
  while (hashes.size() < meta_.size) {
    const auto count = read(hashes.size(), room);
    if (!count) return std::unexpected(count.error());
    const Bytes bytes = Bytes(room).first(*count);
    hashes.add(bytes);
    digest.add(bytes);
    hashes.drop_ready(hashes.ready().size());
  }
  if (auto unchanged = check_unchanged(); !unchanged) return std::unexpected(unchanged.error());
  const BlockHash root = hashes.finish();
  return Sums{.root = root, .digest = digest.finish()};
}

FileOutcome<BlockList> OpenedFile::hashes(const BlockRange& range) {
  BlockList list{.first = range.first};
  const std::uint64_t blocks = block_count(meta_.size);
  const std::uint64_t end =
      range.first + std::min<std::uint64_t>(range.count, blocks - std::min(range.first, blocks));
  while (range.first + list.hashes.size() < end) {
    const std::uint64_t left = end - range.first - list.hashes.size();
    // Beside the loop, which may send the file at the same time.
    const auto added = file_work([&] { return add_hashes(list, std::min(left, kHashedAtOnce)); });
    if (!added) return storage_failure(added.error());
    if (!*added) return std::unexpected(added->error());
  }
  if (auto unchanged = check_unchanged(); !unchanged) return std::unexpected(unchanged.error());
  return list;
}

/// Adds the hashes of the next blocks.
FileOutcome<void> OpenedFile::add_hashes(BlockList& list, std::uint64_t count) {
  std::vector<std::byte> room(kSumReadBytes);
  BlockHashes hashes = BlockHashes::from_block(list.first + list.hashes.size());
  const std::uint64_t end = std::min(hashes.size() + count * kFileBlockBytes, meta_.size);
  while (hashes.size() < end) {
    const std::uint64_t left = end - hashes.size();
    const auto read = this->read(hashes.size(), std::span(room).first(static_cast<std::size_t>(
                                                    std::min<std::uint64_t>(room.size(), left))));
    if (!read) return std::unexpected(read.error());
    hashes.add(Bytes(room).first(*read));
  }
  hashes.finish();  // The last block may be a part.
  list.hashes.insert(list.hashes.end(), hashes.ready().begin(), hashes.ready().end());
  return {};
}

}  // namespace hotline::services
