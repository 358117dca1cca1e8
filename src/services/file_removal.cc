#include "services/file_removal.h"

#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "services/file_version.h"
#include "services/long_path.h"

namespace hotline::services {
namespace {

/// How many directories stay open that the disk did not take.
constexpr std::size_t kUnsyncedKept = 8;

/// How often a directory is emptied that gets new names at the same time.
constexpr int kEmptiedMax = 8;

FileOutcome<void> unlink_name(const Directory& directory, const std::string& name,
                              const FileStatus& status) {
  const auto removed = status.kind == EntryKind::directory ? directory.remove_directory(name)
                                                           : directory.remove_file(name);
  if (!removed) return storage_failure(removed.error());
  return {};
}

bool has_gone(const Error& error) { return file_error_of(error).code == FileErrorCode::not_found; }

}  // namespace

FileOutcome<void> FileRemoval::run(const RemoveFile& request) {
  auto parent = tree_.open_directory(request.path.parent());
  if (!parent) return std::unexpected(std::move(parent.error()));
  outermost_ = std::move(*parent);
  request_ = request;
  levels_.push_back({.names = {std::string(request.path.leaf())}});
  const auto removed = remove_all();
  if (!removed && freed_.usage() == FileUsage()) return removed;
  const auto synced = sync();
  return removed ? synced : removed;
}

FileOutcome<void> FileRemoval::remove_all() {
  for (bool is_first = true; !levels_.empty(); is_first = false) {
    const auto lock = tree_.locking();
    if (!lock) return std::unexpected(lock.error());
    if (auto may = may_remove_(); !may) return may;
    // Without the lock another request may have moved it away.
    directory_.reset();
    reader_.reset();
    if (is_first) {
      if (auto expected = check_version(); !expected) return expected;
    }
    if (auto removed = remove_some(); !removed) return removed;
  }
  return {};
}

/// Waits until the disk has what is removed, also if that is only a part: then what it has freed
/// can be used.
FileOutcome<void> FileRemoval::sync() {
  directory_.reset();
  if (tree_.durability() == FileDurability::none) return {};
  const CancelHold whole;
  ChangedDirectories changed{.directories = {}, .freed = std::move(freed_)};
  const auto emptied = levels_.empty() ? FileOutcome<void>() : sync_emptied(changed);
  changed.directories.emplace(request_.path.parent().text(), std::move(*outermost_));
  return tree_.sync_removed(changed, emptied);
}

/// Waits for the directories that were entered and are still there. The innermost one may have been
/// left. Returns the first failure; what has failed is added to `changed`, as far as descriptors
/// may be kept, to be tried again.
FileOutcome<void> FileRemoval::sync_emptied(ChangedDirectories& changed) {
  FileOutcome<void> result;
  if (!levels_.back().names.empty()) levels_.push_back({.name = levels_.back().names.back()});
  for (; levels_.size() > 1; levels_.pop_back()) {
    const std::string path = path_of_innermost();
    auto directory = open_long_path(*outermost_, path);
    if (!directory && is_no_directory(file_error_of(directory.error()))) continue;
    const auto synced = directory ? directory->sync() : fail(directory.error());
    if (synced) continue;
    if (result) result = storage_failure(synced.error());
    const bool may_keep = directory && changed.directories.size() < kUnsyncedKept;
    if (may_keep) changed.directories.emplace('/' + path, *std::move(directory));
  }
  return result;
}

FileOutcome<void> FileRemoval::check_version() {
  const auto status = outermost_->status(request_.path.leaf());
  if (!status) return storage_failure(status.error());
  if (request_.version.is_none() || version_of(*status) == request_.version) return {};
  return refuse(FileErrorCode::changed);
}

FileOutcome<void> FileRemoval::remove_some() {
  for (std::size_t count = 0; count < kNamesAtOnce && !levels_.empty(); ++count) {
    const auto opened = open_innermost();
    if (!opened) return std::unexpected(opened.error());
    const auto has_more = *opened ? has_name(levels_.back()) : FileOutcome<bool>(false);
    if (!has_more) return std::unexpected(has_more.error());
    if (!*has_more) {
      leave();
      continue;
    }
    if (auto removed = remove_one(levels_.back()); !removed) return removed;
  }
  return {};
}

/// Opens the directory of the innermost level by its path, unless it is open. Returns false if it
/// has gone.
FileOutcome<bool> FileRemoval::open_innermost() {
  if (directory_) return true;
  auto directory = open_long_path(*outermost_, path_of_innermost());
  if (!directory && has_gone(directory.error())) return false;
  if (!directory) return storage_failure(directory.error());
  const auto status = directory->status();
  if (!status) return storage_failure(status.error());
  const Level& level = levels_.back();
  if (!level.name.empty() && status->inode != level.inode) {
    return refuse(FileErrorCode::busy, "directories are moved while they are removed");
  }
  directory_ = std::move(*directory);
  return true;
}

std::string FileRemoval::path_of_innermost() const {
  std::string path;
  for (const Level& level : levels_) {
    if (level.name.empty()) continue;
    path += path.empty() ? level.name : '/' + level.name;
  }
  return path;
}

void FileRemoval::leave() {
  levels_.pop_back();
  directory_.reset();
  reader_.reset();
}

FileOutcome<bool> FileRemoval::has_name(Level& level) {
  if (!level.names.empty() || level.name.empty()) return !level.names.empty();
  if (!reader_) {
    // From the beginning: what a reader before this one has found is removed.
    auto reader = directory_->entries({.detail = EntriesOptions::Detail::names});
    if (!reader) return storage_failure(reader.error());
    reader_ = std::move(*reader);
  }
  auto entries = reader_->next(kNamesAtOnce);
  // The system says so of a directory that was removed while it is open.
  if (!entries && has_gone(entries.error())) return false;
  if (!entries) return storage_failure(entries.error());
  for (DirectoryEntry& entry : *entries) level.names.push_back(std::move(entry.name));
  return !level.names.empty();
}

FileOutcome<void> FileRemoval::remove_one(Level& level) {
  const std::string name = level.names.back();
  const auto inode = tree_.inode_for_recount(*directory_);
  if (!inode) return std::unexpected(inode.error());
  const auto status = directory_->status(name);
  const bool is_asked_for = level.name.empty();
  if (!status && !is_asked_for && has_gone(status.error())) {
    level.names.pop_back();
    return {};
  }
  if (!status) return storage_failure(status.error());
  const auto removed = unlink_name(*directory_, name, *status);
  if (removed) {
    level.names.pop_back();
    level.tries = 0;
    auto freed = tree_.account().correct({.directory = *inode, .before = usage_of(*status)});
    if (tree_.durability() == FileDurability::full) freed_.add(std::move(freed));
    if (status->kind == EntryKind::directory) tree_.account().note_removed(status->inode);
    return {};
  }
  if (removed.error().code != FileErrorCode::not_empty || request_.depth == FileDepth::single ||
      ++level.tries > kEmptiedMax) {
    return removed;
  }
  return enter(name, *status);
}

FileOutcome<void> FileRemoval::enter(std::string name, const FileStatus& status) {
  auto directory = directory_->open_beneath(name);
  if (!directory) return storage_failure(directory.error());
  directory_ = std::move(*directory);
  reader_.reset();
  levels_.push_back({.name = std::move(name), .inode = status.inode});
  return {};
}

}  // namespace hotline::services
