#include "engine/simulated/file_content.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotline::engine {

std::size_t FileContent::read(std::uint64_t offset, MutableBytes room) const {
  if (offset >= cached_.size()) return 0;
  const Bytes rest = as_bytes(cached_).subspan(offset);
  const Bytes found = rest.first(std::min(rest.size(), room.size()));
  if (!found.empty()) std::memcpy(room.data(), found.data(), found.size());
  return found.size();
}

void FileContent::write(std::uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return;
  const std::uint64_t end = offset + bytes.size();
  if (end > cached_.size()) resize(end);
  std::memcpy(cached_.data() + offset, bytes.data(), bytes.size());
  for (std::uint64_t block = offset / kBlockBytes; block * kBlockBytes < end; ++block) {
    changes_.push_back(
        {.number = block, .bytes = cached_.substr(block * kBlockBytes, kBlockBytes)});
  }
}

void FileContent::resize(std::uint64_t size) {
  cached_.resize(size);
  changes_.push_back({.is_of_size = true, .number = size, .bytes = {}});
}

bool FileContent::has_data(std::uint64_t block) const {
  const auto bytes = std::string_view(cached_).substr(block * kBlockBytes, kBlockBytes);
  return bytes.find_first_not_of('\0') != std::string_view::npos;
}

std::uint64_t FileContent::find(std::uint64_t offset, bool wants_data) const {
  for (std::uint64_t at = offset; at < cached_.size();) {
    const std::uint64_t block = at / kBlockBytes;
    if (has_data(block) == wants_data) return at;
    at = (block + 1) * kBlockBytes;
  }
  return cached_.size();
}

std::uint64_t FileContent::find_data(std::uint64_t offset) const { return find(offset, true); }
std::uint64_t FileContent::find_hole(std::uint64_t offset) const { return find(offset, false); }

void FileContent::keep(Kept kept, Chance* chance) {
  std::string disk = std::exchange(durable_, {});
  std::uint64_t size = disk.size();
  // Sizes reach the disk in their order.
  const auto sizes = static_cast<std::uint64_t>(
      std::ranges::count_if(changes_, [](const Change& change) { return change.is_of_size; }));
  std::uint64_t sizes_left = kept == Kept::all    ? sizes
                             : kept == Kept::none ? 0
                                                  : chance->below(sizes + 1);
  for (const Change& change : changes_) {
    if (change.is_of_size) {
      if (sizes_left == 0) continue;
      --sizes_left;
      size = change.number;
      if (size < disk.size()) disk.resize(size);
    } else if (kept == Kept::all || (kept == Kept::any && chance->below(2) == 0)) {
      const std::size_t at = change.number * kBlockBytes;
      disk.resize(std::max(disk.size(), at + change.bytes.size()));
      disk.replace(at, change.bytes.size(), change.bytes);
    }
  }
  disk.resize(size);
  durable_ = std::move(disk);
  changes_.clear();
}

void FileContent::sync() { keep(Kept::all, nullptr); }

void FileContent::fail_sync(Chance& chance) { keep(Kept::any, &chance); }

void FileContent::cut_power(Chance& chance) {
  // Nothing and everything are as likely as some, whatever the number of changes.
  keep(static_cast<Kept>(chance.below(3)), &chance);
  cached_ = durable_;
}

void FileContent::flip_bit(Chance& chance) {
  const std::size_t at = chance.below(cached_.size());
  const auto bit = static_cast<char>(1U << chance.below(8));
  cached_[at] = static_cast<char>(cached_[at] ^ bit);
  if (at < durable_.size()) durable_[at] = cached_[at];
}

}  // namespace hotline::engine
