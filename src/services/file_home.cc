#include "services/file_home.h"

#include <algorithm>
#include <list>
#include <utility>

#include "services/earlier_upload.h"
#include "services/file_copy.h"
#include "services/file_recount.h"
#include "services/file_removal.h"
#include "services/file_version.h"
#include "services/small_files.h"

namespace hotline::services {
namespace {

FileOutcome<FileVersion> version_in(const FileOutcome<FileStatus>& status) {
  if (!status) return std::unexpected(status.error());
  return version_of(*status);
}

UploadFacts facts_of(const PutFile& request) {
  return {.key = request.key, .path = request.path, .size = request.size};
}

}  // namespace

FileHome::FileHome(std::shared_ptr<FileTree> tree, Directory staging, const FileUser& user,
                   Options options)
    : options_(std::move(options)),
      tree_(std::move(tree)),
      uploads_(std::move(staging), tree_->account(), options_.uploads),
      own_(*tree_, uploads_) {
  set_user(user);
}

FileUser FileHome::user() const {
  const std::lock_guard lock(mutex_);
  return user_;
}

bool FileHome::is_open() const { return !user().is_disabled; }

FileQuota FileHome::quota() const { return quota_of(own_); }

FileOutcome<FileQuota> FileHome::quota(const GetQuota& request) {
  const auto view = view_of(request.path);
  if (!view) return std::unexpected(view.error());
  // In the home it says so by the rights, which are none.
  if (*view == &own_) return quota();
  if (auto may = (*view)->check({}); !may) return std::unexpected(std::move(may.error()));
  return quota_of(**view);
}

FileQuota FileHome::quota_of(const FileView& view) const {
  const QuotaAccount& account = view.tree().account();
  const FileUsage limits = account.limits();
  const FileUsage used = account.used();
  return {.rights = view.rights(),
          .server = options_.server,
          .bytes_max = limits.bytes,
          .bytes_used = used.bytes,
          .bytes_reserved = account.reserved().bytes,
          .entries_max = limits.entries,
          .entries_used = used.entries};
}

FileOutcome<FileLister> FileHome::list(const ListDirectory& request) {
  const auto view = view_for(request.path, {&FileRights::can_read});
  if (!view) return std::unexpected(view.error());
  const RightCheck may_read = (*view)->right_check(&FileRights::can_read);
  auto directory = (*view)->tree().open_directory(request.path);
  if (!directory) return std::unexpected(std::move(directory.error()));
  return FileLister::open(*std::move(directory), request,
                          {.may_read = may_read, .mounted = mounted_for(request)});
}

FileOutcome<MetaReply> FileHome::stat(const StatFile& request) {
  const auto view = view_for(request.path, {&FileRights::can_read});
  if (!view) return std::unexpected(view.error());
  const auto status = (*view)->tree().status(request.path);
  if (!status) return std::unexpected(status.error());
  MetaReply reply{.meta = meta_of(*status)};
  const bool wants_sums = request.wants_root || request.digest != FileDigestKind::none;
  if (!wants_sums || status->kind != EntryKind::file) return reply;
  auto file = open(request.path, {});
  if (!file) return std::unexpected(std::move(file.error()));
  const auto sums = file->sums(request.digest);
  if (!sums) return std::unexpected(sums.error());
  if (auto may = file->check_reading(); !may) return std::unexpected(may.error());
  return MetaReply{.meta = file->meta(), .root = sums->root, .digest = sums->digest};
}

FileOutcome<OpenedFile> FileHome::open(const FilePath& path, const FileVersion& expected) {
  const auto view = view_for(path, {&FileRights::can_read});
  if (!view) return std::unexpected(view.error());
  const RightCheck may_read = (*view)->right_check(&FileRights::can_read);
  auto file = (*view)->tree().open_file(path);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto status = file->status();
  if (!status) return storage_failure(status.error());
  if (!expected.is_none() && version_of(*status) != expected) {
    return refuse(FileErrorCode::changed);
  }
  return OpenedFile(*std::move(file), *status, may_read);
}

FileOutcome<BlockList> FileHome::hashes(const GetHashes& request) {
  auto file = open(request.path, request.version);
  if (!file) return std::unexpected(std::move(file.error()));
  auto hashes = file->hashes({.first = request.first, .count = request.count});
  if (auto may = file->check_reading(); !may) return std::unexpected(may.error());
  return hashes;
}

FileOutcome<BegunUpload> FileHome::put(const PutFile& request) {
  const auto found = view_for(request.path, {&FileRights::can_write});
  if (!found) return std::unexpected(found.error());
  const FileView& view = **found;
  const FileTarget target = view.target(request.path, request.parents, request.replacement);
  const auto lock = view.uploads().beginning().lock();
  if (!lock) return storage_failure(lock.error());
  const UploadFacts facts = facts_of(request);
  const auto earlier = published_earlier(view.tree(), view.uploads(), facts);
  if (!earlier) return std::unexpected(earlier.error());
  if (*earlier) return **earlier;
  auto staged = view.uploads().find(request.key);
  if (staged != nullptr && staged->facts() != facts) return refuse(FileErrorCode::key_reused);
  if (staged == nullptr && has_key_elsewhere(view, request.key)) {
    return refuse(FileErrorCode::key_reused);
  }
  auto upload =
      staged == nullptr ? begin_upload(view, request, target) : hold(view, staged, request, target);
  if (!upload) return std::unexpected(std::move(upload.error()));
  return *std::move(upload);
}

FileOutcome<UploadHold> FileHome::begin_upload(const FileView& view, const PutFile& request,
                                               const FileTarget& target) {
  const std::uint64_t size = request.size == kFileSizeUnknown ? 0 : request.size;
  const auto usage = view.tree().admit(target, size);
  if (!usage) return std::unexpected(usage.error());
  auto reservation = view.tree().account().reserve(*usage, size);
  if (!reservation) return std::unexpected(std::move(reservation.error()));
  auto staged = view.uploads().begin(facts_of(request), *std::move(reservation));
  if (!staged) return std::unexpected(std::move(staged.error()));
  auto upload = hold(view, *staged, request, target);
  if (!upload) view.uploads().drop(*staged);
  return upload;
}

FileOutcome<UploadHold> FileHome::hold(const FileView& view,
                                       const std::shared_ptr<StagedUpload>& staged,
                                       const PutFile& request, const FileTarget& target) {
  const std::uint64_t size = request.size == kFileSizeUnknown ? 0 : request.size;
  if (const auto usage = view.tree().admit(target, size); !usage) {
    return std::unexpected(usage.error());
  }
  const auto number = staged->begin_hold(request, target);
  if (!number) return std::unexpected(number.error());
  auto kept = staged->blocks(*number);
  if (!kept) {
    staged->end_hold(*number);
    return std::unexpected(std::move(kept.error()));
  }
  return UploadHold(staged, *number, *std::move(kept), view);
}

FileOutcome<FileVersion> FileHome::store(const PutSmallFile& request) {
  return std::move(store_all({&request, 1}).front());
}

std::vector<FileOutcome<FileVersion>> FileHome::store_all(std::span<const PutSmallFile> requests) {
  struct Group {
    explicit Group(const FileView& of) : view(of), files(of.tree(), of.uploads()) {}

    const FileView& view;
    SmallFiles files;
    std::vector<std::size_t> places{};
  };
  std::list<Group> groups;
  std::vector<FileOutcome<FileVersion>> outcomes(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const PutSmallFile& request = requests[i];
    const auto view = view_for(request.path, {&FileRights::can_write});
    if (!view) {
      outcomes[i] = std::unexpected(view.error());
      continue;
    }
    auto group =
        std::ranges::find_if(groups, [&](const Group& each) { return &each.view == *view; });
    if (group == groups.end()) group = groups.emplace(groups.end(), **view);
    group->files.add(request, (*view)->target(request.path, request.parents, request.replacement));
    group->places.push_back(i);
  }
  for (Group& group : groups) {
    auto stored = group.files.finish();
    for (std::size_t i = 0; i < stored.size(); ++i)
      outcomes[group.places[i]] = std::move(stored[i]);
  }
  return outcomes;
}

FileOutcome<FileVersion> FileHome::make_directory(const MakeDirectory& request) {
  const auto view = view_for(request.path, {&FileRights::can_write});
  if (!view) return std::unexpected(view.error());
  return version_in((*view)->tree().make_directory((*view)->target(request.path, request.parents)));
}

FileOutcome<FileVersion> FileHome::remove(const RemoveFile& request) {
  const auto view = view_for(request.path, {&FileRights::can_remove});
  if (!view) return std::unexpected(view.error());
  FileTree& tree = (*view)->tree();
  if (tree.is_top(request.path)) return refuse(FileErrorCode::not_permitted, "it is a share");
  FileRemoval removal(tree, (*view)->right_check(&FileRights::can_remove));
  if (auto done = removal.run(request); !done) return std::unexpected(done.error());
  return FileVersion();
}

FileOutcome<FileVersion> FileHome::move(const MoveFile& request) {
  const auto view = view_of(request.path);
  if (!view) return std::unexpected(view.error());
  const auto into = view_of(request.target);
  if (!into) return std::unexpected(into.error());
  // The old name is removed: without the right to that, a user could hide a file.
  if (auto may = (*view)->check({&FileRights::can_write, &FileRights::can_remove}); !may) {
    return std::unexpected(may.error());
  }
  if ((*view)->tree().is_top(request.path)) {
    return refuse(FileErrorCode::not_permitted, "it is a share");
  }
  if (*view != *into && (*into)->tree().is_top(request.target)) {
    return refuse(FileErrorCode::exists, "it is a share");
  }
  if (*view != *into) {
    return refuse(FileErrorCode::unsupported,
                  "a share is stored apart: nothing is moved into it or out of it");
  }
  return version_in((*view)->tree().move(
      request.path, (*view)->target(request.target, request.parents, request.replacement),
      (*view)->right_check(&FileRights::can_remove)));
}

FileOutcome<FileVersion> FileHome::copy(const CopyFile& request) {
  const auto view = view_of(request.path);
  if (!view) return std::unexpected(view.error());
  const auto into = view_of(request.target);
  if (!into) return std::unexpected(into.error());
  auto may = (*view)->check({&FileRights::can_read});
  if (may) may = (*into)->check({&FileRights::can_write});
  if (!may) return std::unexpected(may.error());
  FileCopy copy({(*view)->tree(), (*view)->right_check(&FileRights::can_read)},
                {(*into)->tree(), (*into)->uploads().staging()});
  return version_in(
      copy.run(request, (*into)->target(request.target, request.parents, request.replacement)));
}

FileOutcome<FileVersion> FileHome::set_meta(const SetFileMeta& request) {
  const auto view = view_for(request.path, {&FileRights::can_overwrite});
  if (!view) return std::unexpected(view.error());
  return version_in(
      (*view)->tree().set_meta(request, (*view)->right_check(&FileRights::can_overwrite)));
}

FileOutcome<FileUsage> FileHome::recount() { return FileRecount(*tree_).run(); }

}  // namespace hotline::services
