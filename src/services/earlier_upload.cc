#include "services/earlier_upload.h"

#include <utility>

#include "services/file_version.h"
#include "services/opened_file.h"

namespace hotline::services {
namespace {

bool is_same_meta(const FileMeta& meta, const PutSmallFile& request) {
  return meta.kind == FileKind::file && meta.size == request.content.size() &&
         meta.is_executable == request.is_executable && meta.modified == request.modified;
}

/// An earlier server may have been killed before the name was on the disk.
FileOutcome<std::optional<FileVersion>> durable_version(FileTree& tree, const FilePath& path,
                                                        const FileStatus& status) {
  if (auto synced = tree.sync_name(path); !synced) return std::unexpected(synced.error());
  return version_of(status);
}

}  // namespace

FileOutcome<std::optional<FileVersion>> published_earlier(FileTree& tree, UploadTable& uploads,
                                                          const UploadFacts& facts) {
  const auto published = uploads.find_published(facts.key);
  if (!published) return std::nullopt;
  if (published->facts != facts) return refuse(FileErrorCode::key_reused);
  const auto status = tree.status(facts.path);
  if (!status && status.error().code != FileErrorCode::not_found) {
    return std::unexpected(status.error());
  }
  if (status && status->kind == EntryKind::file && published_file_of(*status) == published->file) {
    return durable_version(tree, facts.path, *status);
  }
  uploads.forget_published(facts.key);
  return std::nullopt;
}

FileOutcome<std::optional<FileVersion>> published_earlier(FileTree& tree,
                                                          const PutSmallFile& request) {
  if (request.key == UploadKey{}) return std::nullopt;
  auto file = tree.open_file(request.path);
  if (!file) return std::nullopt;
  const auto status = file->status();
  if (!status) return storage_failure(status.error());
  if (!is_same_meta(meta_of(*status), request)) return std::nullopt;
  OpenedFile opened(std::move(*file), *status);
  const auto sums = opened.sums(FileDigestKind::none);
  if (!sums) return std::unexpected(sums.error());
  if (sums->root != request.root) return std::nullopt;
  return durable_version(tree, request.path, *status);
}

}  // namespace hotline::services
