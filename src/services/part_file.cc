#include "services/part_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <span>
#include <utility>

#include "hotline/core/hex.h"
#include "hotline/engine/random.h"
#include "services/block_hashes.h"

namespace hotline::services {
namespace {

constexpr std::size_t kReadBytes = 256U << 10;
constexpr std::uint64_t kSyncAheadBytes = 64U << 20;
constexpr std::uint64_t kReservedMin = 1U << 20;
constexpr unsigned kPartMode = 0666;
constexpr unsigned kReadBits = 0444;

/// With `.`, `.` and 8 digits and `.part` it must be a name that a directory can have.
constexpr std::size_t kPartStemMax = 255 - 15;

/// Returns why a file cannot replace it.
std::string_view text_of(EntryKind kind) {
  if (kind == EntryKind::directory) return "it is a directory";
  if (kind == EntryKind::link) return "it is a symbolic link";
  return "it is a device, a pipe or a socket";
}

std::string new_part_name(std::string_view name) {
  std::array<std::byte, 4> number;
  random_bytes(number);
  return "." + std::string(name.substr(0, kPartStemMax)) + "." + to_hex(number) + ".part";
}

void remove_part(const Directory& directory, std::string_view part_name) noexcept {
  try {
    discard(directory.remove_file(part_name));
  } catch (const std::bad_alloc&) {
    // It stays.
  }
}

/// Removes a part at the end of its scope, unless keep() was called. Both must outlive it.
class PartRemoval {
 public:
  PartRemoval(const Directory& directory, const std::string& part_name)
      : directory_(directory), part_name_(part_name) {}
  PartRemoval(const PartRemoval&) = delete;
  PartRemoval& operator=(const PartRemoval&) = delete;
  ~PartRemoval() {
    if (!is_kept_) remove_part(directory_, part_name_);
  }

  void keep() { is_kept_ = true; }

 private:
  const Directory& directory_;
  const std::string& part_name_;
  bool is_kept_ = false;
};

}  // namespace

Result<void> check_free(const Directory& directory, std::string_view name,
                        Directory::Existing existing) {
  const auto status = directory.status(name);
  if (!status) return {};
  const bool is_file = status->kind == EntryKind::file;
  if (is_file && existing == Directory::Existing::replace) return {};
  Error error = file_error(EEXIST, "get a file to", "'" + escape(as_bytes(name)) + "'");
  if (is_file) return fail(std::move(error));
  error.detail = text_of(status->kind);
  error.advice = "only a regular file is replaced: remove it first";
  return fail(std::move(error));
}

PartFile::PartFile(const Directory& directory, std::string name, DiskFile file)
    : directory_(&directory), name_(std::move(name)), file_(std::move(file)) {}

Result<PartFile> PartFile::make(const Directory& directory, std::string_view name) {
  for (;;) {
    std::string part_name = new_part_name(name);
    PartRemoval removal(directory, part_name);
    auto file = directory.create(part_name, kPartMode);
    removal.keep();
    if (file) return PartFile(directory, std::move(part_name), std::move(*file));
    if (file.error().native_code != EEXIST) return fail(std::move(file.error()));
  }
}

Result<PartFile> PartFile::open(const Directory& directory, std::string part_name) {
  auto file = directory.open_for_writing(part_name);
  if (!file) return fail(std::move(file.error()));
  const auto status = file->status();
  if (!status) return fail(status.error());
  // Someone may have given another file this name.
  if (status->links > 1) return fail(system_error(EMLINK, "open the part of a file"));
  PartFile part(directory, std::move(part_name), std::move(*file));
  part.size_ = part.written_ = status->size;
  return part;
}

Result<void> PartFile::reserve(std::uint64_t size) {
  unwritten_.reserve(size - std::min(size, size_));
  if (size < kReservedMin || size <= size_) return {};
  auto reserved = file_.allocate(size_, size - size_);
  const bool is_lacking = !reserved && (reserved.error().native_code == ENOSPC ||
                                        reserved.error().native_code == EDQUOT ||
                                        reserved.error().native_code == EFBIG);
  return is_lacking ? std::move(reserved) : Result<void>();
}

Result<void> PartFile::append(Bytes bytes) {
  const std::uint64_t begin = size_ - unwritten_.size();
  auto appended = unwritten_.append(file_, size_, bytes);
  size_ = unwritten_.end();
  if (unwritten_.begin() > begin) note_written();
  return appended;
}

Result<void> PartFile::append_hole(std::uint64_t length) {
  if (auto flushed = flush(); !flushed) return flushed;
  size_ += length;
  return {};
}

Result<void> PartFile::flush() {
  if (unwritten_.is_empty()) return {};
  if (auto flushed = unwritten_.flush(file_); !flushed) return flushed;
  note_written();
  return {};
}

/// Called after a write.
void PartFile::note_written() {
  written_ = size_ - unwritten_.size();
  if (written_ - begun_ < kSyncAheadBytes) return;
  discard(file_.begin_sync(begun_, written_ - begun_));
  begun_ = written_;
}

Result<std::vector<BlockHash>> PartFile::hash_blocks(std::uint64_t first, std::size_t count) {
  std::vector<std::byte> room(kReadBytes);
  BlockHashes hashes = BlockHashes::from_block(first);
  const std::uint64_t end = (first + count) * kFileBlockBytes;
  while (hashes.size() < end) {
    const std::uint64_t left = end - hashes.size();
    const auto read = file_.read_at(
        hashes.size(), std::span(room).first(
                           static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), left))));
    if (!read) return fail(read.error());
    if (*read == 0) break;
    hashes.add(Bytes(room).first(*read));
  }
  const auto ready = hashes.ready();
  return std::vector<BlockHash>(ready.begin(), ready.end());
}

Result<void> PartFile::cut(std::uint64_t size) {
  // What stays may not be written yet.
  if (!unwritten_.is_empty() && unwritten_.begin() < size) {
    if (auto flushed = flush(); !flushed) return flushed;
  }
  unwritten_.drop();
  size_ = size;
  begun_ = std::min(begun_, size);
  return set_size();
}

Result<void> PartFile::publish(std::string_view name, const FileMeta& meta,
                               Directory::Existing existing, Durability durability) {
  if (auto finished = finish(meta, durability); !finished) return finished;
  if (existing == Directory::Existing::replace) {
    if (auto is_free = check_free(*directory_, name, existing); !is_free) return is_free;
  }
  auto renamed = directory_->rename(name_, *directory_, name, existing);
  if (!renamed) return renamed;
  return durability == Durability::full ? directory_->sync() : Result<void>();
}

Result<void> PartFile::set_size() {
  if (written_ == size_) return {};
  auto sized = file_.truncate(size_);
  if (sized) written_ = size_;
  return sized;
}

/// Writes what is left, and what is kept of the file besides its content.
Result<void> PartFile::finish(const FileMeta& meta, Durability durability) {
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto sized = set_size(); !sized) return sized;
  if (meta.is_executable) {
    const auto status = file_.status();
    if (!status) return fail(status.error());
    const unsigned mode = status->mode | ((status->mode & kReadBits) >> 2);
    if (auto set = file_.set_mode(mode); !set) return set;
  }
  if (auto set = file_.set_modified(meta.modified); !set) return set;
  return durability == Durability::full ? file_.sync() : Result<void>();
}

Result<void> PartFile::write(const Directory& directory, std::string_view name, Bytes content,
                             const FileMeta& meta, Directory::Existing existing,
                             Durability durability) {
  auto part = make(directory, name);
  if (!part) return fail(std::move(part.error()));
  PartRemoval removal(directory, part->name_);
  if (auto reserved = part->reserve(content.size()); !reserved) return reserved;
  if (auto appended = part->append(content); !appended) return appended;
  auto published = part->publish(name, meta, existing, durability);
  if (published) removal.keep();
  return published;
}

void PartFile::remove() noexcept { remove_part(*directory_, name_); }

}  // namespace hotline::services
