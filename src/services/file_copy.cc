#include "services/file_copy.h"

#include <utility>

#include "services/file_lister.h"
#include "services/file_version.h"
#include "services/opened_file.h"
#include "services/staged_content.h"

namespace hotline::services {
namespace {

FileOutcome<FilePath> path_below(const FilePath& directory, const FilePath& below) {
  auto path = FilePath::parse(directory.text() + "/" + below.text());
  if (!path) return refuse(FileErrorCode::bad_name, describe(path.error()));
  return std::move(*path);
}

/// Copies the content, and checks that it is that of one version.
FileOutcome<void> copy_content(OpenedFile& source, StagedContent& copy) {
  const auto copied = copy.file().copy_from(source.file(), 0, source.meta().size);
  if (!copied) return storage_failure(copied.error());
  if (*copied < source.meta().size) return refuse(FileErrorCode::changed);
  if (auto same = source.check_unchanged(); !same) return same;
  if (auto described = copy.describe(source.meta()); !described) return described;
  return {};
}

}  // namespace

FileOutcome<FileStatus> FileCopy::run(const CopyFile& request, const FileTarget& target) {
  if (request.path.contains(target.path)) return refuse(FileErrorCode::into_itself);
  const auto status = from_.tree.status(request.path);
  if (!status) return status;
  const bool is_tree = status->kind == EntryKind::directory && request.depth == FileDepth::tree;
  return is_tree ? copy_tree(request.path, target) : copy_file(request.path, target);
}

FileOutcome<FileStatus> FileCopy::copy_file(const FilePath& from, const FileTarget& target) {
  auto file = from_.tree.open_file(from);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto status = file->status();
  if (!status) return storage_failure(status.error());
  OpenedFile source(std::move(*file), *status);
  const auto usage = to_.tree.admit(target, source.meta().size);
  if (!usage) return std::unexpected(usage.error());
  auto reservation = to_.tree.account().reserve(*usage, source.meta().size);
  if (!reservation) return std::unexpected(std::move(reservation.error()));
  auto copy = StagedContent::make(to_.staging, target, std::move(*reservation));
  if (!copy) return std::unexpected(std::move(copy.error()));
  ChangedDirectories changed;
  const auto copied = [&]() -> FileOutcome<FileStatus> {
    if (auto done = copy_content(source, *copy); !done) return std::unexpected(done.error());
    if (auto may = from_.may_read(); !may) return std::unexpected(std::move(may.error()));
    if (to_.tree.durability() == FileDurability::full) {
      if (auto synced = copy->sync(); !synced) return std::unexpected(synced.error());
    }
    return copy->publish(to_.tree, changed);
  }();
  if (!copied) return copied;
  if (auto synced = to_.tree.sync(changed); !synced) return std::unexpected(synced.error());
  return copied;
}

FileOutcome<FileStatus> FileCopy::copy_tree(const FilePath& from, const FileTarget& target) {
  auto directory = from_.tree.open_directory(from);
  if (!directory) return std::unexpected(std::move(directory.error()));
  auto lister = FileLister::open(std::move(*directory), {.depth = FileDepth::tree});
  if (!lister) return std::unexpected(std::move(lister.error()));
  if (auto room = from_.tree.check_room_below(from, target.path); !room) {
    return std::unexpected(std::move(room.error()));
  }
  const auto made = to_.tree.make_new_directory(target);
  if (!made) return made;
  for (bool is_last = false; !is_last;) {
    const auto page = lister->next();
    if (!page) return std::unexpected(page.error());
    is_last = page->is_last;
    for (const FileEntry& entry : page->entries) {
      const auto source = path_below(from, entry.path);
      const auto into = path_below(target.path, entry.path);
      if (!source || !into) return std::unexpected(source ? into.error() : source.error());
      const FileTarget below{.path = *into, .may_write = target.may_write};
      const bool is_directory = entry.meta.kind == FileKind::directory;
      const auto copied =
          is_directory ? to_.tree.make_new_directory(below) : copy_file(*source, below);
      if (!copied) return copied;
    }
  }
  return to_.tree.status(target.path);
}

}  // namespace hotline::services
