#include "services/disk_source.h"

#include <algorithm>
#include <array>
#include <optional>

#include "services/block_hashes.h"

namespace hotline::services {
namespace {

constexpr std::size_t kReadBytes = 256U << 10;

}  // namespace

Result<DiskSource::Size> DiskSource::find_size(DiskFile& file, const FileStatus& status) {
  if (status.size > 0) return Size::known;
  std::array<std::byte, 1> first;
  const auto count = file.read_at(0, first);
  if (!count) return fail(count.error());
  return *count == 0 ? Size::known : Size::unknown;
}

Result<ContentPiece> DiskSource::next(std::uint64_t offset) {
  if (size_ == Size::unknown) return read(offset, offset + kReadBytes);
  if (offset >= status_.size) {
    if (auto checked = check_end(); !checked) return fail(std::move(checked.error()));
    return ContentPiece();
  }
  if (offset < data_.offset || offset >= data_.offset + data_.size) {
    if (auto found = find_data(offset); !found) return fail(std::move(found.error()));
  }
  if (offset < data_.offset) return ContentPiece{.zeros = data_.offset - offset};
  return read(offset, data_.offset + data_.size);
}

Result<std::vector<BlockHash>> DiskSource::hash_blocks(std::uint64_t first, std::size_t count) {
  BlockHashes hashes = BlockHashes::from_block(first);
  const std::uint64_t end = (first + count) * kFileBlockBytes;
  while (hashes.size() < end) {
    const auto piece = next(hashes.size());
    if (!piece) return fail(piece.error());
    if (piece->is_end()) break;
    const std::uint64_t left = end - hashes.size();
    hashes.add(piece->bytes.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece->bytes.size(), left))));
    if (piece->bytes.empty()) hashes.add_zeros(std::min(piece->zeros, left));
  }
  const auto ready = hashes.ready();
  return std::vector<BlockHash>(ready.begin(), ready.end());
}

Result<std::string> DiskSource::read_all() {
  const auto size = static_cast<std::size_t>(status_.size);
  std::string content(size + 1, '\0');
  const auto count = file_.read_at(0, as_writable_bytes(content));
  if (!count) return fail(count.error());
  const std::size_t more = *count - std::min(*count, size);
  if (auto checked = check_no_more(more); !checked) return fail(std::move(checked.error()));
  content.resize(*count);
  return content;
}

Result<void> DiskSource::check_end() {
  std::array<std::byte, 1> more;
  const auto count = file_.read_at(status_.size, more);
  if (!count) return fail(count.error());
  return check_no_more(*count);
}

/// `count`: how many bytes there are after the end.
Result<void> DiskSource::check_no_more(std::size_t count) {
  if (auto checked = check_unchanged(); !checked || count == 0) return checked;
  return fail(make_error(ErrorKind::invalid_argument, "put a file", {},
                         "it has more bytes than its size says", "put its content as a stream"));
}

/// Finds the next part of the file that has bytes; an empty one at its end if there is none.
Result<void> DiskSource::find_data(std::uint64_t offset) {
  const auto found = file_.next_data(offset);
  if (!found) return fail(found.error());
  const FileExtent data = found->value_or(FileExtent{status_.size, 0});
  const std::uint64_t begin = std::clamp(data.offset, offset, status_.size);
  const std::uint64_t end = std::min(data.offset + data.size, status_.size);
  data_ = {begin, end - std::min(begin, end)};
  return {};
}

Result<ContentPiece> DiskSource::read(std::uint64_t offset, std::uint64_t end) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kReadBytes);
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(end - offset, kReadBytes));
  const MutableBytes room(buffer_.get(), wanted);
  const auto count = file_.read_at(offset, room);
  if (!count) return fail(count.error());
  if (*count == 0) {
    // It has shrunk.
    auto checked = check_unchanged();
    if (!checked) return fail(std::move(checked.error()));
  }
  return ContentPiece{.bytes = room.first(*count)};
}

Result<void> DiskSource::check_unchanged() {
  const auto now = file_.status();
  if (!now) return fail(now.error());
  const bool is_same = now->size == status_.size && now->modified == status_.modified &&
                       now->changed == status_.changed;
  if (is_same) return {};
  has_changed_ = true;
  return fail(make_error(ErrorKind::invalid_argument, "put a file", {},
                         "it has changed while it was read",
                         "try again when no other program writes it"));
}

}  // namespace hotline::services
