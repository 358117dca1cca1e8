#include "services/file_lister.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr std::size_t kPageHeaderBytes = 11;
constexpr std::size_t kEntryMetaBytes = 34;
constexpr std::size_t kEntryLengthBytes = 2;

/// Fewer names are not read for a page that has some: each read has a cost of its own.
constexpr std::size_t kReadsMin = 16;
constexpr std::size_t kTreeReads = 256;

/// Returns true for a directory that was removed or replaced since its name was read, or is a mount
/// point, which no path enters.
bool is_not_entered(const FileError& error) {
  return error.code == FileErrorCode::not_found || error.code == FileErrorCode::not_a_directory;
}

}  // namespace

FileOutcome<FileLister> FileLister::open(Directory directory, const ListDirectory& request) {
  FileLister lister(request);
  if (auto entered = lister.enter(std::move(directory), {}); !entered) {
    return std::unexpected(std::move(entered.error()));
  }
  return lister;
}

FileOutcome<void> FileLister::enter(Directory directory, const FilePath& path) {
  const bool wants_status = request_.detail == ListDirectory::Detail::meta;
  auto reader = directory.entries(
      {.detail = wants_status ? EntriesOptions::Detail::status : EntriesOptions::Detail::names,
       .from = levels_.empty() ? request_.cursor : 0});
  if (!reader) return storage_failure(reader.error());
  levels_.push_back(
      {.path = path, .directory = std::move(directory), .reader = std::move(*reader)});
  return {};
}

FileOutcome<void> FileLister::enter_next() {
  Level& level = levels_.back();
  const std::string name = std::move(level.below.back());
  level.below.pop_back();
  auto path = FilePath::parse(level.path.is_home() ? name : level.path.text() + "/" + name);
  auto directory = level.directory.open_beneath(name);
  if (directory) return enter(std::move(*directory), path.value());
  FileError error = file_error_of(directory.error());
  if (is_not_entered(error)) return {};
  return std::unexpected(std::move(error));
}

FileOutcome<std::size_t> FileLister::read_some(std::size_t count_max) {
  Level& level = levels_.back();
  const auto entries = level.reader.next(count_max);
  if (!entries) return storage_failure(entries.error());
  for (const DirectoryEntry& entry : *entries) add(level, entry);
  std::ranges::reverse(level.below);
  return entries->size();
}

void FileLister::add(Level& level, const DirectoryEntry& entry) {
  const bool is_named_only = request_.detail == ListDirectory::Detail::names;
  if (!is_named_only && !entry.status) return;
  auto path =
      FilePath::parse(level.path.is_home() ? entry.name : level.path.text() + "/" + entry.name);
  if (!path) return;
  FileEntry added{.path = std::move(*path)};
  added.meta = meta_of(entry.status.value_or(FileStatus{.kind = entry.kind}));
  if (is_named_only) added.meta = {.kind = added.meta.kind};
  const bool is_directory = added.meta.kind == FileKind::directory;
  if (is_directory && request_.depth == FileDepth::tree) level.below.push_back(entry.name);
  ahead_.push_back(std::move(added));
}

FileOutcome<FilePage> FileLister::next() {
  FilePage page{.depth = request_.depth, .detail = request_.detail};
  const std::size_t entries_max =
      request_.entries_max == 0 ? std::numeric_limits<std::uint16_t>::max() : request_.entries_max;
  auto filled = request_.depth == FileDepth::tree ? fill_from_tree(page, entries_max)
                                                  : fill_from_directory(page, entries_max);
  if (!filled) return std::unexpected(std::move(filled.error()));
  return page;
}

FileOutcome<void> FileLister::fill_from_directory(FilePage& page, std::size_t entries_max) {
  const std::size_t entry_max = size_of_entry(FilePath::kComponentMax);
  std::size_t room = kFileMessageMax - kPageHeaderBytes;
  for (;;) {
    const std::size_t wanted = std::min(entries_max - page.entries.size(), room / entry_max);
    if (wanted == 0 || (wanted < kReadsMin && !page.entries.empty())) break;
    const auto count = read_some(wanted);
    if (!count) return std::unexpected(count.error());
    page.is_last = *count == 0;
    if (page.is_last) return {};
    for (FileEntry& entry : ahead_) {
      room -= size_of_entry(entry.path.text().size());
      page.entries.push_back(std::move(entry));
    }
    ahead_.clear();
  }
  page.cursor = levels_.back().reader.position();
  return {};
}

FileOutcome<void> FileLister::fill_from_tree(FilePage& page, std::size_t entries_max) {
  std::size_t room = kFileMessageMax - kPageHeaderBytes;
  while (page.entries.size() < entries_max) {
    if (!ahead_.empty()) {
      const std::size_t size = size_of_entry(ahead_.front().path.text().size());
      if (size > room) return {};
      room -= size;
      page.entries.push_back(std::move(ahead_.front()));
      ahead_.pop_front();
      continue;
    }
    if (levels_.empty()) break;
    if (!levels_.back().below.empty()) {
      if (auto entered = enter_next(); !entered) return entered;
      continue;
    }
    const auto count = read_some(kTreeReads);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) levels_.pop_back();
  }
  page.is_last = levels_.empty() && ahead_.empty();
  return {};
}

std::size_t FileLister::size_of_entry(std::size_t path_size) const {
  const bool is_named_only = request_.detail == ListDirectory::Detail::names;
  return (is_named_only ? 1 : kEntryMetaBytes) + kEntryLengthBytes + path_size;
}

}  // namespace hotline::services
