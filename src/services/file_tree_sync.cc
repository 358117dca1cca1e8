#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/file_work.h"
#include "services/file_tree.h"

// How names of a tree get to the disk, and those of the directories on the way to them.

namespace hotline::services {
namespace {

/// With more failures than that, what others have freed is given back at once.
constexpr std::size_t kUnsyncedMax = 64;

}  // namespace

FileOutcome<void> FileTree::note_changed(const Directory& directory, const FilePath& path,
                                         ChangedDirectories& changed) const {
  if (durability_ == FileDurability::none || changed.directories.contains(path.text())) return {};
  auto copy = directory.duplicate();
  if (!copy) return storage_failure(copy.error());
  changed.directories.emplace(path.text(), std::move(*copy));
  return {};
}

FileOutcome<void> FileTree::sync(ChangedDirectories& changed) {
  const CancelHold whole;
  FileOutcome<void> result;
  if (!changed.directories.empty()) {
    const auto synced = file_work([&] { return sync_all(changed); });
    result = synced ? *synced : storage_failure(synced.error());
  }
  settle_freed(std::exchange(changed, {}), result);
  return result;
}

FileOutcome<void> FileTree::sync_all(const ChangedDirectories& changed) {
  const std::uint64_t changes = durable_names_.changes();
  FileOutcome<void> result = sync_names(changed);
  for (const auto& [path, directory] : changed.directories) {
    if (result) result = sync_way(FilePath::parse(path).value(), changed, changes);
  }
  return result;
}

FileOutcome<void> FileTree::sync_removed(ChangedDirectories& changed,
                                         const FileOutcome<void>& below) {
  const CancelHold whole;
  auto synced = sync_names(changed);
  if (synced) synced = below;
  settle_freed(std::exchange(changed, {}), synced);
  return synced;
}

FileOutcome<void> FileTree::sync_names(const ChangedDirectories& changed) const {
  FileOutcome<void> result;
  for (const auto& [path, directory] : changed.directories) {
    const auto synced = directory.sync();
    if (!synced && result) result = storage_failure(synced.error());
  }
  return result;
}

/// Gives what was freed back, or keeps it until the disk has the changes.
void FileTree::settle_freed(ChangedDirectories changed, const FileOutcome<void>& synced) {
  if (synced || changed.freed.usage() == FileUsage()) return;
  const std::lock_guard lock(unsynced_mutex_);
  if (unsynced_.size() < kUnsyncedMax) unsynced_.push_back(std::move(changed));
}

void FileTree::sync_again() {
  std::vector<ChangedDirectories> unsynced;
  {
    const std::lock_guard lock(unsynced_mutex_);
    unsynced = std::exchange(unsynced_, {});
  }
  for (ChangedDirectories& each : unsynced) static_cast<void>(sync_removed(each));
}

/// Another request may have made a directory, and not waited for the disk: it goes on, or it has
/// failed, or its server was killed.
FileOutcome<void> FileTree::sync_way(FilePath path, const ChangedDirectories& synced,
                                     std::uint64_t changes) {
  for (; !is_top(path); path = path.parent()) {
    const auto directory = status(path);
    if (!directory && directory.error().code != FileErrorCode::not_found) {
      return std::unexpected(directory.error());
    }
    if (directory && durable_names_.contains(directory->inode)) continue;
    if (!synced.directories.contains(path.parent().text())) {
      const auto parent = open_directory(path.parent());
      if (!parent && parent.error().code == FileErrorCode::not_found) continue;
      if (!parent) return std::unexpected(parent.error());
      if (auto done = parent->sync(); !done) return storage_failure(done.error());
    }
    if (directory) durable_names_.note(directory->inode, changes);
  }
  return {};
}

FileOutcome<void> FileTree::sync_name(const FilePath& path) {
  if (is_top(path)) return {};
  auto parent = open_directory(path.parent());
  if (!parent) return std::unexpected(std::move(parent.error()));
  ChangedDirectories changed;
  if (auto noted = note_changed(*parent, path.parent(), changed); !noted) return noted;
  return sync(changed);
}

}  // namespace hotline::services
