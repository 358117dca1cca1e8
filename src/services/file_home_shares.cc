#include <algorithm>
#include <iterator>
#include <utility>

#include "services/file_home.h"
#include "services/file_version.h"

// How a home finds the share that a path leads to, and what is done in the home and in all shares.

namespace hotline::services {
namespace {

std::string_view first_component(const FilePath& path) {
  return std::string_view(path.text()).substr(0, path.text().find('/'));
}

FileOutcome<void> refused_reading() { return refuse(FileErrorCode::not_permitted); }

std::string shown_share(std::string_view name) { return "the share '" + std::string(name) + "'"; }

/// Returns what a request gets from a share that the server cannot read.
FileError fault_of_share(std::string_view name, const FileError& error) {
  return error.code == FileErrorCode::draining ? error : cannot_read(shown_share(name), error);
}

/// Returns the same for a share that may be none of the server.
FileError fault_of_opening(std::string_view name, const FileError& error) {
  if (error.code != FileErrorCode::not_found) return fault_of_share(name, error);
  return refuse(FileErrorCode::not_permitted, "the server does not have " + shown_share(name))
      .error();
}

/// Adds what the directory of a share is, and the directory itself if the user may read it.
FileOutcome<void> look_into(const FileView& view, ListDirectory::Detail detail,
                            FileLister::Mounted& share) {
  const auto status = view.tree().status(share.entry.path);
  if (!status) return std::unexpected(status.error());
  if (detail != ListDirectory::Detail::names) share.entry.meta = meta_of(*status);
  share.may_read = view.right_check(&FileRights::can_read);
  if (!share.may_read()) return {};
  auto directory = view.tree().open_directory(share.entry.path);
  if (!directory) return std::unexpected(std::move(directory.error()));
  share.directory = *std::move(directory);
  return {};
}

/// Waits until the disk has what was dropped.
FileOutcome<FileVersion> sync_staging(const FileView& view) {
  if (view.tree().durability() == FileDurability::none) return FileVersion();
  const auto synced = view.uploads().staging().sync();
  if (!synced) return storage_failure(synced.error());
  return FileVersion();
}

}  // namespace

void FileHome::set_user(const FileUser& user) {
  const std::lock_guard lock(mutex_);
  user_ = user;
  tree_->account().set_limits(user.limits);
  own_.set_rights(user.is_disabled ? refuse(FileErrorCode::not_permitted, "the user is disabled")
                                   : FileOutcome<FileRights>(user.rights));
  for (const auto& [name, opened] : shares_) opened->view.set_rights(rights_in(name));
}

/// Returns the rights of the user, for the holder of mutex_.
FileOutcome<FileRights> FileHome::rights_in(std::string_view share) const {
  if (user_.is_disabled) return refuse(FileErrorCode::not_permitted, "the user is disabled");
  const auto found = user_.shares.find(share);
  if (found != user_.shares.end()) return found->second;
  return refuse(FileErrorCode::not_permitted, "the share was taken away");
}

/// Returns the view of the home, or of the share that the path leads to.
FileHome::View FileHome::view_of(const FilePath& path) {
  const std::string_view name = first_component(path);
  {
    const std::lock_guard lock(mutex_);
    if (!user_.shares.contains(name)) return &own_;
    if (const auto found = shares_.find(name); found != shares_.end()) return &found->second->view;
  }
  return open_share(std::string(name));
}

/// The same, or why the user may not do there what is wanted.
FileHome::View FileHome::view_for(const FilePath& path,
                                  std::initializer_list<FileView::Right> wanted) {
  auto view = view_of(path);
  if (!view) return view;
  if (auto may = (*view)->check(wanted); !may) return std::unexpected(std::move(may.error()));
  return view;
}

FileHome::View FileHome::open_share(const std::string& name) {
  const auto opening = opening_.lock();
  if (!opening) return storage_failure(opening.error());
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = shares_.find(name); found != shares_.end()) return &found->second->view;
  }
  auto share = options_.open_share(name);
  if (!share) return std::unexpected(fault_of_opening(name, share.error()));
  const auto uploads = (*share)->uploads_of(user().name);
  if (!uploads) return std::unexpected(fault_of_share(name, file_error_of(uploads.error())));
  auto opened = std::make_unique<OpenedShare>(*std::move(share), **uploads);
  const std::lock_guard lock(mutex_);
  opened->view.set_rights(rights_in(name));
  return &shares_.emplace(name, std::move(opened)).first->second->view;
}

std::vector<std::string> FileHome::share_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, rights] : user_.shares) names.push_back(name);
  return names;
}

/// Returns the views of the home and of the shares, or why one of these cannot be opened.
std::vector<FileHome::View> FileHome::all_views() {
  std::vector<View> views = {&own_};
  for (const std::string& name : share_names()) {
    auto view = view_of(FilePath::parse(name).value());
    // It may have been taken away in the meantime.
    if (!view || *view != &own_) views.push_back(std::move(view));
  }
  return views;
}

/// Returns the shares if the home itself is listed. One that cannot be read does not hide the
/// others.
std::vector<FileLister::Mounted> FileHome::mounted_for(const ListDirectory& request) {
  std::vector<FileLister::Mounted> mounted;
  if (!request.path.is_home()) return mounted;
  for (const std::string& name : share_names()) {
    const FilePath top = FilePath::parse(name).value();
    const auto view = view_of(top);
    if (view && *view == &own_) continue;
    FileLister::Mounted share{.entry = {.path = top, .meta = {.kind = FileKind::directory}},
                              .may_read = refused_reading};
    if (!view) {
      share.fault = view.error();
    } else if (auto looked = look_into(**view, request.detail, share); !looked) {
      share.fault = fault_of_share(name, looked.error());
    } else if (!share.directory) {
      // The user has no right to read, or the store does not have the share any more.
      if (auto there = options_.open_share(name); !there) {
        share.fault = fault_of_opening(name, there.error());
      }
    }
    mounted.push_back(std::move(share));
  }
  return mounted;
}

/// Returns true if the view has what the path leads to now, for the holder of mutex_.
bool FileHome::leads_to(const FilePath& path, const FileView& view) const {
  const std::string_view name = first_component(path);
  if (!user_.shares.contains(name)) return &view == &own_;
  const auto found = shares_.find(name);
  return found != shares_.end() && &found->second->view == &view;
}

/// Returns true if the user has used the key for an upload to another tree, as far as that is open.
/// What was uploaded to a path that leads elsewhere now, because a share was given or taken away,
/// does not count: the client means the same path.
bool FileHome::has_key_elsewhere(const FileView& view, const UploadKey& key) const {
  const auto has_key = [&](const FileView& other) {
    if (&other == &view || key == UploadKey{}) return false;
    if (const auto staged = other.uploads().find(key)) {
      return leads_to(staged->facts().path, other);
    }
    const auto published = other.uploads().find_published(key);
    return published && leads_to(published->facts.path, other);
  };
  const std::lock_guard lock(mutex_);
  return has_key(own_) ||
         std::ranges::any_of(shares_, [&](const auto& each) { return has_key(each.second->view); });
}

FileOutcome<std::vector<UploadEntry>> FileHome::uploads() {
  FileOutcome<void> may = own_.check({&FileRights::can_write});
  std::vector<UploadEntry> uploads;
  for (const View& view : all_views()) {
    if (!view || !(*view)->check({&FileRights::can_write})) continue;
    may = {};
    std::ranges::move((*view)->uploads().entries(), std::back_inserter(uploads));
  }
  if (!may) return std::unexpected(std::move(may.error()));
  std::ranges::sort(uploads, {}, &UploadEntry::last_byte);
  return uploads;
}

FileOutcome<FileVersion> FileHome::drop(const UploadKey& key) {
  FileOutcome<void> result = own_.check({&FileRights::can_write});
  FileOutcome<void> unopened;
  for (const View& view : all_views()) {
    if (!view) {
      unopened = std::unexpected(view.error());
      continue;
    }
    if (!(*view)->check({&FileRights::can_write})) continue;
    const auto lock = (*view)->uploads().beginning().lock();
    if (!lock) return storage_failure(lock.error());
    const auto staged = (*view)->uploads().find(key);
    if (staged != nullptr) {
      (*view)->uploads().drop(staged);
      return sync_staging(**view);
    }
    result = refuse(FileErrorCode::not_found);
  }
  // The upload may be there.
  if (!unopened) return std::unexpected(std::move(unopened.error()));
  return std::unexpected(std::move(result.error()));
}

}  // namespace hotline::services
