#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "services/file_tree.h"

// How names of a tree get to the disk, and those of the directories on the way to them.

namespace hotline::services {

FileOutcome<void> FileTree::sync(ChangedDirectories& changed) {
  const CancelHold whole;
  const std::uint64_t changes = durable_names_.changes();
  FileOutcome<void> result;
  for (const auto& [path, directory] : changed) {
    const auto synced = directory.sync();
    if (!synced && result) result = storage_failure(synced.error());
  }
  for (const auto& [path, directory] : changed) {
    if (result) result = sync_way(FilePath::parse(path).value(), changed, changes);
  }
  changed.clear();
  return result;
}

/// Another request may have made a directory, and not waited for the disk: it goes on, or it has
/// failed, or its server was killed.
FileOutcome<void> FileTree::sync_way(FilePath path, const ChangedDirectories& synced,
                                     std::uint64_t changes) {
  for (; !path.is_home(); path = path.parent()) {
    const auto directory = status(path);
    if (!directory && directory.error().code != FileErrorCode::not_found) {
      return std::unexpected(directory.error());
    }
    if (directory && durable_names_.contains(directory->inode)) continue;
    if (!synced.contains(path.parent().text())) {
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
  auto parent = open_directory(path.parent());
  if (!parent) return std::unexpected(std::move(parent.error()));
  ChangedDirectories changed;
  if (auto noted = note_changed(*parent, path.parent(), changed); !noted) return noted;
  return sync(changed);
}

}  // namespace hotline::services
