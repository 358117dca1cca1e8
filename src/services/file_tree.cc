#include "services/file_tree.h"

#include <array>
#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "services/file_lister.h"
#include "services/file_version.h"
#include "services/long_path.h"
#include "services/settled_change.h"

namespace hotline::services {
namespace {

FileOutcome<void> check_new_name(std::string_view name) {
  const auto fault = fault_in_new_name(name);
  if (!fault) return {};
  return refuse(FileErrorCode::bad_name, describe(*fault));
}

FileOutcome<void> check_version(const FileStatus& now, const FileVersion& expected) {
  if (expected.is_none() || version_of(now) == expected) return {};
  return refuse(FileErrorCode::changed);
}

/// Decides if a file may be put where `now` is.
FileOutcome<void> check_replacement(const std::optional<FileStatus>& now, const FileTarget& target,
                                    Overwriting overwriting) {
  const FileReplacement& replacement = target.replacement;
  if (!now) {
    if (replacement.on_exist != OnExist::replace_if) return {};
    return refuse(FileErrorCode::changed, "there is no such file any more");
  }
  if (replacement.on_exist == OnExist::fail) return refuse(FileErrorCode::exists);
  if (now->kind != EntryKind::file) return refuse(FileErrorCode::not_a_file);
  if (overwriting == Overwriting::refused) {
    return refuse(FileErrorCode::not_permitted, "the user may not replace files");
  }
  return check_version(*now, replacement.version);
}

/// Returns nullopt if there is no such name.
FileOutcome<std::optional<FileStatus>> status_in(const Directory& parent, std::string_view name) {
  auto status = parent.status(name);
  if (status) return *status;
  FileError error = file_error_of(status.error());
  if (error.code == FileErrorCode::not_found) return std::nullopt;
  return std::unexpected(std::move(error));
}

FileUsage usage_of_any(const std::optional<FileStatus>& status) {
  return status ? usage_of(*status) : FileUsage();
}

Directory::Existing existing_for(const std::optional<FileStatus>& now) {
  return now ? Directory::Existing::replace : Directory::Existing::fail;
}

Result<DiskFile> open_longest(const Directory& root, const FilePath& path) {
  const auto parent = root.open_beneath(path.parent().text());
  if (!parent) return fail(parent.error());
  return parent->open_file(path.leaf());
}

}  // namespace

FileTree::FileTree(Directory root, FileDurability durability, FilePath top)
    : root_(std::move(root)), durability_(durability), top_(std::move(top)) {}

/// Returns the path relative to the top.
FileOutcome<std::string> FileTree::path_below(const FilePath& path) const {
  if (top_.is_home()) return path.text();
  if (is_top(path)) return std::string();
  if (!top_.contains(path)) return refuse(FileErrorCode::not_found);
  return path.text().substr(top_.text().size() + 1);
}

FileOutcome<Mutex::Lock> FileTree::locking() {
  auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  return std::move(*lock);
}

FileOutcome<std::uint64_t> FileTree::inode_for_recount(const Directory& directory) const {
  if (!account_.is_recounting()) return 0;
  const auto status = directory.status();
  if (!status) return storage_failure(status.error());
  return status->inode;
}

FileOutcome<Directory> FileTree::open_directory(const FilePath& path) const {
  const auto below = path_below(path);
  if (!below) return std::unexpected(below.error());
  return open_for_recount(*below);
}

FileOutcome<Directory> FileTree::open_for_recount(const std::string& path) const {
  auto directory = open_long_path(root_, path);
  if (!directory) return storage_failure(directory.error());
  return std::move(*directory);
}

FileOutcome<DiskFile> FileTree::open_file(const FilePath& path) const {
  if (is_top(path)) return refuse(FileErrorCode::not_a_file);
  const auto below = path_below(path);
  if (!below) return std::unexpected(below.error());
  // The kernel does not take the longest paths at once.
  auto file = below->size() < FilePath::kBytesMax ? root_.open_file_beneath(*below)
                                                  : open_longest(root_, path);
  if (!file) return storage_failure(file.error());
  return std::move(*file);
}

FileOutcome<FileStatus> FileTree::status(const FilePath& path) const {
  auto parent = open_directory(is_top(path) ? path : path.parent());
  if (!parent) return std::unexpected(std::move(parent.error()));
  auto status = is_top(path) ? parent->status() : parent->status(path.leaf());
  if (!status) return storage_failure(status.error());
  return *status;
}

FileOutcome<FileTree::Place> FileTree::open_place(const FilePath& path, MissingParents parents) {
  if (is_top(path)) return refuse(FileErrorCode::exists);
  if (auto good = check_new_name(path.leaf()); !good) return std::unexpected(good.error());
  for (std::size_t missing_before = SIZE_MAX;;) {
    auto place = look_for_place(path, parents);
    if (!place) return place;
    if (place->missing.empty() || !place->now) return place;
    // Without the lock, another request may have made the directory since then. If not, it is one
    // that no path enters, such as a link.
    if (place->missing.size() >= missing_before) return refuse(FileErrorCode::not_found);
    missing_before = place->missing.size();
  }
}

/// If directories are missing, `now` is what has the name of the first one.
FileOutcome<FileTree::Place> FileTree::look_for_place(const FilePath& path,
                                                      MissingParents parents) const {
  std::vector<FilePath> missing;
  FilePath parent_path = path.parent();
  auto parent = open_directory(parent_path);
  while (!parent && parents == MissingParents::make && !is_top(parent_path) &&
         parent.error().code == FileErrorCode::not_found) {
    if (auto good = check_new_name(parent_path.leaf()); !good) return std::unexpected(good.error());
    missing.insert(missing.begin(), parent_path);
    parent_path = parent_path.parent();
    parent = open_directory(parent_path);
  }
  if (!parent) return std::unexpected(std::move(parent.error()));
  auto now = status_in(*parent, missing.empty() ? path.leaf() : missing.front().leaf());
  if (!now) return std::unexpected(std::move(now.error()));
  return Place{.parent = std::move(*parent),
               .parent_path = std::move(parent_path),
               .missing = std::move(missing),
               .now = *now};
}

FileOutcome<FileTree::Place> FileTree::open_target(const FileTarget& target) {
  const auto overwriting = target.may_write();
  if (!overwriting) return std::unexpected(overwriting.error());
  auto place = open_place(target.path, target.parents);
  if (!place) return place;
  if (auto free = check_replacement(place->now, target, *overwriting); !free) {
    return std::unexpected(std::move(free.error()));
  }
  return place;
}

FileOutcome<FileUsage> FileTree::admit(const FileTarget& target, std::uint64_t size) {
  const auto place = open_target(target);
  if (!place) return std::unexpected(place.error());
  const std::uint64_t before = usage_of_any(place->now).bytes;
  return FileUsage{.bytes = size > before ? size - before : 0,
                   .entries = place->missing.size() + (place->now ? 0 : 1)};
}

FileOutcome<FileChange> FileTree::change_at(const Place& place, FileUsage after) const {
  const auto inode = inode_for_recount(place.parent);
  if (!inode) return std::unexpected(inode.error());
  after.entries += place.missing.size();
  return FileChange{.directory = *inode, .before = usage_of_any(place.now), .after = after};
}

FileOutcome<Directory> FileTree::make_one(const Directory& parent, const FilePath& path,
                                          SettledChange& settled) {
  const auto inode = inode_for_recount(parent);
  if (!inode) return std::unexpected(inode.error());
  if (auto made = parent.make_directory(path.leaf(), kDirectoryMode); !made) {
    return storage_failure(made.error());
  }
  settled.note_made();
  ++paths_made_;
  auto directory = parent.open_beneath(path.leaf());
  const auto status = directory ? directory->status() : Result<FileStatus>(fail(directory.error()));
  if (!status) {
    durable_names_.clear();
    return storage_failure(status.error());
  }
  durable_names_.note_changed(status->inode);
  account_.note_made(*inode, status->inode);
  return std::move(*directory);
}

FileOutcome<Directory> FileTree::make_missing(const Place& place, SettledChange& settled,
                                              ChangedDirectories& changed) {
  auto copy = place.parent.duplicate();
  if (!copy) return storage_failure(copy.error());
  Directory current = std::move(*copy);
  if (auto noted = note_changed(current, place.parent_path, changed); !noted) {
    return std::unexpected(std::move(noted.error()));
  }
  for (const FilePath& path : place.missing) {
    auto made = make_one(current, path, settled);
    if (!made) return made;
    current = std::move(*made);
    if (auto noted = note_changed(current, path, changed); !noted) {
      return std::unexpected(std::move(noted.error()));
    }
  }
  return current;
}

FileOutcome<FileStatus> FileTree::publish(const Directory& from, std::string_view name,
                                          const FileTarget& target, const FileStatus& file,
                                          QuotaReservation& reservation,
                                          ChangedDirectories& changed) {
  const auto lock = locking();
  if (!lock) return std::unexpected(lock.error());
  return publish_locked(from, name, target, file, reservation, changed);
}

FileOutcome<FileStatus> FileTree::publish_locked(const Directory& from, std::string_view name,
                                                 const FileTarget& target, const FileStatus& file,
                                                 QuotaReservation& reservation,
                                                 ChangedDirectories& changed) {
  const auto place = open_target(target);
  if (!place) return std::unexpected(place.error());
  const CancelHold whole;
  const auto change = change_at(*place, usage_of(file));
  if (!change) return std::unexpected(change.error());
  auto freed = account_.settle({&*change, 1}, &reservation);
  if (!freed) return std::unexpected(std::move(freed.error()));
  SettledChange settled(account_, *change);
  const auto parent = make_missing(*place, settled, changed);
  if (!parent) return std::unexpected(parent.error());
  const auto moved = from.rename(name, *parent, target.path.leaf(), existing_for(place->now));
  if (!moved) return storage_failure(moved.error());
  settled.note_done();
  changed.freed.add(std::move(*freed));
  ++paths_made_;
  // A failure from here on would say that it is not published.
  return parent->status(target.path.leaf()).value_or(file);
}

FileOutcome<FileStatus> FileTree::make_directory(const FileTarget& target) {
  auto made = make_new_directory(target);
  const bool may_be_there =
      target.parents == MissingParents::make && !made && made.error().code == FileErrorCode::exists;
  if (!may_be_there) return made;
  const auto now = status(target.path);
  if (!now || now->kind != EntryKind::directory) return made;
  if (auto synced = sync_name(target.path); !synced) return std::unexpected(synced.error());
  return now;
}

FileOutcome<FileStatus> FileTree::make_new_directory(const FileTarget& target) {
  ChangedDirectories changed;
  auto made = [&]() -> FileOutcome<FileStatus> {
    const auto lock = locking();
    if (!lock) return std::unexpected(lock.error());
    const auto place = open_place(target.path, target.parents);
    if (!place) return std::unexpected(place.error());
    if (place->now) return refuse(FileErrorCode::exists);
    return make_locked(target, *place, changed);
  }();
  if (!made) return made;
  if (auto synced = sync(changed); !synced) return std::unexpected(synced.error());
  return made;
}

FileOutcome<FileStatus> FileTree::make_locked(const FileTarget& target, const Place& place,
                                              ChangedDirectories& changed) {
  if (auto may = target.may_write(); !may) return std::unexpected(std::move(may.error()));
  const CancelHold whole;
  const auto change = change_at(place, {.entries = 1});
  if (!change) return std::unexpected(change.error());
  if (auto room = account_.settle({&*change, 1}); !room) return std::unexpected(room.error());
  SettledChange settled(account_, *change);
  const auto parent = make_missing(place, settled, changed);
  if (!parent) return std::unexpected(parent.error());
  const auto directory = make_one(*parent, target.path, settled);
  if (!directory) return std::unexpected(directory.error());
  settled.note_done();
  auto status = directory->status();
  if (!status) return storage_failure(status.error());
  return *status;
}

FileOutcome<void> FileTree::check_room_below(const FilePath& from, const FilePath& to) const {
  if (to.depth() <= from.depth() && to.text().size() <= from.text().size()) return {};
  auto directory = open_directory(from);
  // The caller finds out what it is instead.
  if (!directory) return {};
  return check_paths_below(std::move(*directory), to);
}

FileOutcome<FileStatus> FileTree::move(const FilePath& from, const FileTarget& target,
                                       const RightCheck& may_remove) {
  if (is_top(from)) return refuse(FileErrorCode::not_permitted, "it is a share");
  if (from.contains(target.path)) return refuse(FileErrorCode::into_itself);
  const std::uint64_t paths_made = paths_made_;
  if (auto room = check_room_below(from, target.path); !room) return std::unexpected(room.error());
  ChangedDirectories changed;
  auto moved = move_locked(from, target, paths_made, may_remove, changed);
  if (!moved) return moved;
  if (auto synced = sync(changed); !synced) return std::unexpected(synced.error());
  return moved;
}

FileOutcome<FileStatus> FileTree::move_locked(const FilePath& from, const FileTarget& target,
                                              std::uint64_t paths_made,
                                              const RightCheck& may_remove,
                                              ChangedDirectories& changed) {
  const auto lock = locking();
  if (!lock) return std::unexpected(lock.error());
  // What was made since then may be below it; nothing more is while the home is locked.
  if (paths_made != paths_made_) {
    if (auto room = check_room_below(from, target.path); !room) {
      return std::unexpected(room.error());
    }
  }
  const auto source = open_directory(from.parent());
  if (!source) return std::unexpected(source.error());
  const auto status = source->status(from.leaf());
  if (!status) return storage_failure(status.error());
  const bool is_directory = status->kind == EntryKind::directory;
  if (!is_directory && status->kind != EntryKind::file) return refuse(FileErrorCode::not_a_file);
  const auto overwriting = target.may_write();
  if (!overwriting) return std::unexpected(overwriting.error());
  const auto place = open_place(target.path, target.parents);
  if (!place) return std::unexpected(place.error());
  if (is_directory && place->now) return refuse(FileErrorCode::exists);
  if (auto free = check_replacement(place->now, target, *overwriting); !free) {
    return std::unexpected(std::move(free.error()));
  }
  if (auto may = may_remove(); !may) return std::unexpected(std::move(may.error()));
  const CancelHold whole;
  const auto left = inode_for_recount(*source);
  const auto change = change_at(*place, usage_of(*status));
  if (!left || !change) return std::unexpected(left ? change.error() : left.error());
  const std::array changes{FileChange{.directory = *left, .before = usage_of(*status)}, *change};
  auto freed = account_.settle(changes);
  if (!freed) return std::unexpected(std::move(freed.error()));
  SettledChange from_settled(account_, changes[0]);
  SettledChange to_settled(account_, changes[1]);
  const auto parent = make_missing(*place, to_settled, changed);
  if (!parent) return std::unexpected(parent.error());
  if (auto noted = note_changed(*source, from.parent(), changed); !noted) {
    return std::unexpected(std::move(noted.error()));
  }
  const auto done =
      source->rename(from.leaf(), *parent, target.path.leaf(), existing_for(place->now));
  if (!done) return storage_failure(done.error());
  from_settled.note_done();
  to_settled.note_done();
  changed.freed.add(std::move(*freed));
  ++paths_made_;
  if (is_directory) account_.note_moved();
  if (is_directory) durable_names_.note_changed(status->inode);
  const auto now = parent->status(target.path.leaf());
  if (!now) return storage_failure(now.error());
  return *now;
}

FileOutcome<FileStatus> FileTree::set_meta(const SetFileMeta& request,
                                           const RightCheck& may_change) {
  const auto lock = locking();
  if (!lock) return std::unexpected(lock.error());
  const auto now = status(request.path);
  if (!now) return now;
  if (now->kind != EntryKind::file) return refuse(FileErrorCode::not_a_file);
  if (auto same = check_version(*now, request.version); !same) {
    return std::unexpected(std::move(same.error()));
  }
  // Another name of the file may be outside of the home.
  if (now->links > 1) return refuse(FileErrorCode::not_permitted, "the file has several names");
  auto file = open_file(request.path);
  if (!file) return std::unexpected(std::move(file.error()));
  if (auto may = may_change(); !may) return std::unexpected(std::move(may.error()));
  Result<void> done;
  if (request.is_executable) done = file->set_mode(file_mode(*request.is_executable));
  if (done && request.modified) done = file->set_modified(*request.modified);
  if (done && durability_ == FileDurability::full) done = file->sync();
  if (!done) return storage_failure(done.error());
  auto status_now = file->status();
  if (!status_now) return storage_failure(status_now.error());
  return *status_now;
}

}  // namespace hotline::services
