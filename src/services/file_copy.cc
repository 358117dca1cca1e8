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
  const auto status = tree_.status(request.path);
  if (!status) return status;
  const bool is_tree = status->kind == EntryKind::directory && request.depth == FileDepth::tree;
  return is_tree ? copy_tree(request.path, target) : copy_file(request.path, target);
}

FileOutcome<FileStatus> FileCopy::copy_file(const FilePath& from, const FileTarget& target) {
  auto file = tree_.open_file(from);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto status = file->status();
  if (!status) return storage_failure(status.error());
  OpenedFile source(std::move(*file), *status);
  const auto usage = tree_.admit(target, source.meta().size);
  if (!usage) return std::unexpected(usage.error());
  auto reservation = tree_.account().reserve(*usage, source.meta().size);
  if (!reservation) return std::unexpected(std::move(reservation.error()));
  auto copy = StagedContent::make(staging_, target, std::move(*reservation));
  if (!copy) return std::unexpected(std::move(copy.error()));
  ChangedDirectories changed;
  const auto copied = [&]() -> FileOutcome<FileStatus> {
    if (auto done = copy_content(source, *copy); !done) return std::unexpected(done.error());
    if (auto may = may_read_(); !may) return std::unexpected(std::move(may.error()));
    if (tree_.durability() == FileDurability::full) {
      if (auto synced = copy->sync(); !synced) return std::unexpected(synced.error());
    }
    return copy->publish(tree_, changed);
  }();
  if (!copied) return copied;
  if (auto synced = tree_.sync(changed); !synced) return std::unexpected(synced.error());
  return copied;
}

FileOutcome<FileStatus> FileCopy::copy_tree(const FilePath& from, const FileTarget& target) {
  auto directory = tree_.open_directory(from);
  if (!directory) return std::unexpected(std::move(directory.error()));
  auto lister = FileLister::open(std::move(*directory), {.depth = FileDepth::tree});
  if (!lister) return std::unexpected(std::move(lister.error()));
  if (auto room = tree_.check_room_below(from, target.path); !room) {
    return std::unexpected(std::move(room.error()));
  }
  const auto made = tree_.make_new_directory(target.path, target.parents);
  if (!made) return made;
  for (bool is_last = false; !is_last;) {
    const auto page = lister->next();
    if (!page) return std::unexpected(page.error());
    is_last = page->is_last;
    for (const FileEntry& entry : page->entries) {
      const auto source = path_below(from, entry.path);
      const auto into = path_below(target.path, entry.path);
      if (!source || !into) return std::unexpected(source ? into.error() : source.error());
      const bool is_directory = entry.meta.kind == FileKind::directory;
      const auto copied = is_directory ? tree_.make_new_directory(*into, MissingParents::fail)
                                       : copy_file(*source, {.path = *into});
      if (!copied) return copied;
    }
  }
  return tree_.status(target.path);
}

}  // namespace hotline::services
