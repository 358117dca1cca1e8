#include "services/small_files.h"

#include <utility>

#include "hotline/core/bytes.h"
#include "services/earlier_upload.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

/// Returns true for what also an upload that was published already leads to.
bool may_be_there_already(const FileError& error) {
  return error.code == FileErrorCode::exists || error.code == FileErrorCode::changed;
}

}  // namespace

void SmallFiles::add(const PutSmallFile& request, const FileTarget& target) {
  Added added{.facts = {.key = request.key, .path = request.path, .size = request.content.size()}};
  added.outcome = stage(request, target, added);
  added_.push_back(std::move(added));
}

/// Returns the version of a file that is there already; with `added.content` the value means
/// nothing.
FileOutcome<FileVersion> SmallFiles::stage(const PutSmallFile& request, const FileTarget& target,
                                           Added& added) {
  const auto earlier = find_earlier(added.facts);
  if (!earlier) return std::unexpected(earlier.error());
  if (*earlier) return **earlier;
  if (uploads_.find(request.key) != nullptr) return refuse(FileErrorCode::key_reused);
  auto content = write(request, target);
  if (!content && may_be_there_already(content.error())) {
    const auto same = published_earlier(tree_, request);
    if (!same) return std::unexpected(same.error());
    if (*same) return **same;
  }
  if (!content) return std::unexpected(std::move(content.error()));
  added.content.emplace(std::move(*content));
  return FileVersion();
}

FileOutcome<std::optional<FileVersion>> SmallFiles::find_earlier(const UploadFacts& facts) {
  // Most are new: they do not wait for uploads that begin.
  if (!uploads_.find_published(facts.key)) return std::nullopt;
  const auto lock = uploads_.beginning().lock();
  if (!lock) return storage_failure(lock.error());
  return published_earlier(tree_, uploads_, facts);
}

FileOutcome<StagedContent> SmallFiles::write(const PutSmallFile& request,
                                             const FileTarget& target) {
  const auto usage = tree_.admit(target, request.content.size());
  if (!usage) return std::unexpected(usage.error());
  auto reservation = tree_.account().reserve(*usage, request.content.size());
  if (!reservation) return std::unexpected(std::move(reservation.error()));
  auto content = StagedContent::make(uploads_.staging(), target, std::move(*reservation));
  if (!content) return content;
  FileOutcome<void> done;
  if (auto written = content->file().write_at(0, as_bytes(request.content)); !written) {
    done = storage_failure(written.error());
  }
  if (done) {
    done =
        content->describe({.is_executable = request.is_executable, .modified = request.modified});
  }
  if (!done) return std::unexpected(std::move(done.error()));
  if (tree_.durability() == FileDurability::full) {
    discard(content->file().begin_sync(0, request.content.size()));
  }
  return content;
}

void SmallFiles::sync(Added& added) {
  if (!added.content) return;
  if (auto synced = added.content->sync(); !synced) {
    added.content.reset();
    added.outcome = std::unexpected(std::move(synced.error()));
  }
}

void SmallFiles::publish(Added& added, ChangedDirectories& changed) {
  if (!added.content) return;
  auto published = added.content->publish(tree_, changed);
  added.content.reset();
  if (!published) {
    added.outcome = std::unexpected(std::move(published.error()));
    return;
  }
  added.published = *published;
  added.outcome = version_of(*published);
}

std::vector<FileOutcome<FileVersion>> SmallFiles::finish() {
  ChangedDirectories changed;
  if (tree_.durability() == FileDurability::full) {
    for (Added& added : added_) sync(added);
  }
  for (Added& added : added_) publish(added, changed);
  const auto synced = tree_.sync(changed);
  std::vector<FileOutcome<FileVersion>> outcomes;
  for (Added& added : added_) {
    if (added.published && !synced) added.outcome = std::unexpected(synced.error());
    if (added.published && synced && added.facts.key != UploadKey{}) {
      uploads_.note_published(added.facts, *added.published);
    }
    outcomes.push_back(std::move(added.outcome));
  }
  added_.clear();
  return outcomes;
}

}  // namespace hotline::services
