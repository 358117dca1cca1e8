#include "services/file_removal.h"

#include <utility>

#include "services/file_version.h"

namespace hotline::services {
namespace {

/// How often a directory is emptied that gets new names at the same time.
constexpr int kEmptiedMax = 8;

FileOutcome<void> unlink_name(const Directory& directory, const std::string& name,
                              const FileStatus& status) {
  const auto removed = status.kind == EntryKind::directory ? directory.remove_directory(name)
                                                           : directory.remove_file(name);
  if (!removed) return storage_failure(removed.error());
  return {};
}

}  // namespace

FileOutcome<void> FileRemoval::run(const RemoveFile& request) {
  auto parent = tree_.open_directory(request.path.parent());
  if (!parent) return std::unexpected(std::move(parent.error()));
  auto kept = parent->duplicate();
  if (!kept) return storage_failure(kept.error());
  depth_ = request.depth;
  levels_.push_back({.directory = std::move(*parent), .names = {std::string(request.path.leaf())}});
  if (auto expected = check_version(request); !expected) return expected;
  while (!levels_.empty()) {
    const auto lock = tree_.locking();
    if (!lock) return std::unexpected(lock.error());
    if (auto removed = remove_some(); !removed) return removed;
  }
  if (tree_.durability() == FileDurability::none) return {};
  if (auto synced = kept->sync(); !synced) return storage_failure(synced.error());
  return {};
}

FileOutcome<void> FileRemoval::check_version(const RemoveFile& request) {
  const auto status = levels_.back().directory.status(request.path.leaf());
  if (!status) return storage_failure(status.error());
  if (request.version.is_none() || version_of(*status) == request.version) return {};
  return refuse(FileErrorCode::changed);
}

FileOutcome<void> FileRemoval::remove_some() {
  for (std::size_t count = 0; count < kNamesAtOnce && !levels_.empty(); ++count) {
    const auto has_more = has_name(levels_.back());
    if (!has_more) return std::unexpected(has_more.error());
    if (!*has_more) {
      levels_.pop_back();
      continue;
    }
    if (auto removed = remove_one(levels_.back()); !removed) return removed;
  }
  return {};
}

FileOutcome<bool> FileRemoval::has_name(Level& level) {
  if (!level.names.empty() || !level.reader) return !level.names.empty();
  auto entries = level.reader->next(kNamesAtOnce);
  if (!entries) return storage_failure(entries.error());
  for (DirectoryEntry& entry : *entries) level.names.push_back(std::move(entry.name));
  return !level.names.empty();
}

FileOutcome<void> FileRemoval::remove_one(Level& level) {
  const std::string name = level.names.back();
  const auto inode = tree_.inode_for_recount(level.directory);
  if (!inode) return std::unexpected(inode.error());
  const auto status = level.directory.status(name);
  if (!status && level.reader && file_error_of(status.error()).code == FileErrorCode::not_found) {
    level.names.pop_back();
    return {};
  }
  if (!status) return storage_failure(status.error());
  const auto removed = unlink_name(level.directory, name, *status);
  if (removed) {
    level.names.pop_back();
    level.tries = 0;
    tree_.account().correct({.directory = *inode, .before = usage_of(*status)});
    if (status->kind == EntryKind::directory) tree_.account().note_removed(status->inode);
    return {};
  }
  if (removed.error().code != FileErrorCode::not_empty || depth_ == FileDepth::single ||
      ++level.tries > kEmptiedMax) {
    return removed;
  }
  return enter(level, name);
}

FileOutcome<void> FileRemoval::enter(Level& level, const std::string& name) {
  auto directory = level.directory.open_beneath(name);
  if (!directory) return storage_failure(directory.error());
  auto reader = directory->entries({.detail = EntriesOptions::Detail::names});
  if (!reader) return storage_failure(reader.error());
  levels_.push_back({.directory = std::move(*directory), .reader = std::move(*reader)});
  return {};
}

}  // namespace hotline::services
