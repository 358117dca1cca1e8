#include "services/file_home.h"

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

FileHome::FileHome(Directory root, Directory staging, FileUser user, const Options& options)
    : options_(options),
      user_(std::move(user)),
      tree_(std::move(root), options.durability, [this] { return check_writing(); }),
      uploads_(std::move(staging), tree_.account(), options.uploads) {
  tree_.account().set_limits(user_.limits);
}

Result<void> FileHome::load(const std::optional<FileUsage>& used) {
  if (used) {
    tree_.account().set_used(*used);
  } else if (const auto counted = recount(); !counted) {
    return fail(counted.error().to_error("count the files of", user_.name));
  }
  return uploads_.load();
}

FileUser FileHome::user() const {
  const std::lock_guard lock(mutex_);
  return user_;
}

void FileHome::set_user(const FileUser& user) {
  const std::lock_guard lock(mutex_);
  user_ = user;
  tree_.account().set_limits(user.limits);
}

bool FileHome::is_open() const { return !user().is_disabled; }

FileRights FileHome::rights() const {
  const std::lock_guard lock(mutex_);
  return user_.is_disabled ? FileRights() : user_.rights;
}

FileQuota FileHome::quota() const {
  const FileUsage limits = tree_.account().limits();
  const FileUsage used = tree_.account().used();
  return {.rights = rights(),
          .server = options_.server,
          .bytes_max = limits.bytes,
          .bytes_used = used.bytes,
          .bytes_reserved = tree_.account().reserved().bytes,
          .entries_max = limits.entries,
          .entries_used = used.entries};
}

FileOutcome<void> FileHome::check(std::initializer_list<Right> wanted) const {
  const std::lock_guard lock(mutex_);
  if (user_.is_disabled) return refuse(FileErrorCode::not_permitted, "the user is disabled");
  for (const Right right : wanted) {
    if (!(user_.rights.*right)) return refuse(FileErrorCode::not_permitted);
  }
  return {};
}

FileOutcome<Overwriting> FileHome::check_writing() const {
  if (auto may = check({&FileRights::can_write}); !may) return std::unexpected(may.error());
  return rights().can_overwrite ? Overwriting::allowed : Overwriting::refused;
}

FileOutcome<FileLister> FileHome::list(const ListDirectory& request) {
  if (auto may = check_reading(); !may) return std::unexpected(may.error());
  auto directory = tree_.open_directory(request.path);
  if (!directory) return std::unexpected(std::move(directory.error()));
  return FileLister::open(std::move(*directory), request);
}

FileOutcome<MetaReply> FileHome::stat(const StatFile& request) {
  if (auto may = check_reading(); !may) return std::unexpected(may.error());
  const auto status = tree_.status(request.path);
  if (!status) return std::unexpected(status.error());
  MetaReply reply{.meta = meta_of(*status)};
  const bool wants_sums = request.wants_root || request.digest != FileDigestKind::none;
  if (!wants_sums || status->kind != EntryKind::file) return reply;
  auto file = open(request.path, {});
  if (!file) return std::unexpected(std::move(file.error()));
  const auto sums = file->sums(request.digest);
  if (!sums) return std::unexpected(sums.error());
  if (auto may = check_reading(); !may) return std::unexpected(may.error());
  return MetaReply{.meta = file->meta(), .root = sums->root, .digest = sums->digest};
}

FileOutcome<OpenedFile> FileHome::open(const FilePath& path, const FileVersion& expected) {
  if (auto may = check_reading(); !may) return std::unexpected(may.error());
  auto file = tree_.open_file(path);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto status = file->status();
  if (!status) return storage_failure(status.error());
  if (!expected.is_none() && version_of(*status) != expected) {
    return refuse(FileErrorCode::changed);
  }
  return OpenedFile(std::move(*file), *status);
}

FileOutcome<BlockList> FileHome::hashes(const GetHashes& request) {
  auto file = open(request.path, request.version);
  if (!file) return std::unexpected(std::move(file.error()));
  auto hashes = file->hashes({.first = request.first, .count = request.count});
  if (auto may = check_reading(); !may) return std::unexpected(may.error());
  return hashes;
}

FileOutcome<BegunUpload> FileHome::put(const PutFile& request) {
  if (auto may = check({&FileRights::can_write}); !may) return std::unexpected(may.error());
  const FileTarget target{request.path, request.parents, request.replacement};
  const auto lock = uploads_.beginning().lock();
  if (!lock) return storage_failure(lock.error());
  const UploadFacts facts = facts_of(request);
  const auto earlier = published_earlier(tree_, uploads_, facts);
  if (!earlier) return std::unexpected(earlier.error());
  if (*earlier) return **earlier;
  auto staged = uploads_.find(request.key);
  if (staged != nullptr && staged->facts() != facts) return refuse(FileErrorCode::key_reused);
  auto upload = staged == nullptr ? begin_upload(request, target) : hold(staged, request, target);
  if (!upload) return std::unexpected(std::move(upload.error()));
  return std::move(*upload);
}

FileOutcome<UploadHold> FileHome::begin_upload(const PutFile& request, const FileTarget& target) {
  const std::uint64_t size = request.size == kFileSizeUnknown ? 0 : request.size;
  const auto usage = tree_.admit(target, size);
  if (!usage) return std::unexpected(usage.error());
  auto reservation = tree_.account().reserve(*usage, size);
  if (!reservation) return std::unexpected(std::move(reservation.error()));
  auto staged = uploads_.begin(facts_of(request), std::move(*reservation));
  if (!staged) return std::unexpected(std::move(staged.error()));
  auto upload = hold(*staged, request, target);
  if (!upload) uploads_.drop(*staged);
  return upload;
}

FileOutcome<UploadHold> FileHome::hold(const std::shared_ptr<StagedUpload>& staged,
                                       const PutFile& request, const FileTarget& target) {
  const std::uint64_t size = request.size == kFileSizeUnknown ? 0 : request.size;
  if (const auto usage = tree_.admit(target, size); !usage) return std::unexpected(usage.error());
  const auto number = staged->begin_hold(request, target);
  if (!number) return std::unexpected(number.error());
  auto kept = staged->blocks(*number);
  if (!kept) {
    staged->end_hold(*number);
    return std::unexpected(std::move(kept.error()));
  }
  return UploadHold(staged, *number, std::move(*kept), tree_, uploads_);
}

FileOutcome<FileVersion> FileHome::store(const PutSmallFile& request) {
  return std::move(store_all({&request, 1}).front());
}

std::vector<FileOutcome<FileVersion>> FileHome::store_all(std::span<const PutSmallFile> requests) {
  if (auto may = check({&FileRights::can_write}); !may) {
    return {requests.size(), std::unexpected(may.error())};
  }
  SmallFiles files(tree_, uploads_);
  for (const PutSmallFile& request : requests) {
    files.add(request, {request.path, request.parents, request.replacement});
  }
  return files.finish();
}

FileOutcome<FileVersion> FileHome::make_directory(const MakeDirectory& request) {
  if (auto may = check({&FileRights::can_write}); !may) return std::unexpected(may.error());
  return version_in(tree_.make_directory(request.path, request.parents));
}

FileOutcome<FileVersion> FileHome::remove(const RemoveFile& request) {
  if (auto may = check({&FileRights::can_remove}); !may) return std::unexpected(may.error());
  FileRemoval removal(tree_, right_check(&FileRights::can_remove));
  if (auto done = removal.run(request); !done) return std::unexpected(done.error());
  return FileVersion();
}

FileOutcome<FileVersion> FileHome::move(const MoveFile& request) {
  // The old name is removed: without the right to that, a user could hide a file.
  if (auto may = check({&FileRights::can_write, &FileRights::can_remove}); !may) {
    return std::unexpected(may.error());
  }
  const FileTarget target{request.target, request.parents, request.replacement};
  return version_in(tree_.move(request.path, target, right_check(&FileRights::can_remove)));
}

FileOutcome<FileVersion> FileHome::copy(const CopyFile& request) {
  if (auto may = check({&FileRights::can_read, &FileRights::can_write}); !may) {
    return std::unexpected(may.error());
  }
  const FileTarget target{request.target, request.parents, request.replacement};
  FileCopy copy(tree_, uploads_.staging(), right_check(&FileRights::can_read));
  return version_in(copy.run(request, target));
}

FileOutcome<FileVersion> FileHome::set_meta(const SetFileMeta& request) {
  if (auto may = check({&FileRights::can_overwrite}); !may) return std::unexpected(may.error());
  return version_in(tree_.set_meta(request, right_check(&FileRights::can_overwrite)));
}

FileOutcome<std::vector<UploadEntry>> FileHome::uploads() const {
  if (auto may = check({&FileRights::can_write}); !may) return std::unexpected(may.error());
  return uploads_.entries();
}

FileOutcome<FileVersion> FileHome::drop(const UploadKey& key) {
  if (auto may = check({&FileRights::can_write}); !may) return std::unexpected(may.error());
  const auto lock = uploads_.beginning().lock();
  if (!lock) return storage_failure(lock.error());
  const auto staged = uploads_.find(key);
  if (staged == nullptr) return refuse(FileErrorCode::not_found);
  uploads_.drop(staged);
  if (tree_.durability() == FileDurability::none) return FileVersion();
  if (auto synced = uploads_.staging().sync(); !synced) return storage_failure(synced.error());
  return FileVersion();
}

FileOutcome<FileUsage> FileHome::recount() {
  const auto lock = recounting_.lock();
  if (!lock) return storage_failure(lock.error());
  return FileRecount(tree_).run();
}

}  // namespace hotline::services
