#include "services/small_files.h"

#include <algorithm>
#include <new>
#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/file_work.h"
#include "hotline/engine/task_group.h"
#include "services/earlier_upload.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

/// Fewer than the threads for files that a loop has by default: other callers find one.
constexpr std::size_t kSyncedAtOnce = 3;

/// Returns true for what also an upload that was published already leads to.
bool may_be_there_already(const FileError& error) {
  return error.code == FileErrorCode::exists || error.code == FileErrorCode::changed;
}

}  // namespace

void SmallFiles::add(const PutSmallFile& request, FileTarget target) {
  added_.push_back(
      {.request = &request,
       .target = std::move(target),
       .facts = {.key = request.key, .path = request.path, .size = request.content.size()}});
}

std::vector<FileOutcome<FileVersion>> SmallFiles::finish() {
  for (Added& each : added_) find_earlier(each);
  perform_all(&SmallFiles::stage);
  if (tree_.durability() == FileDurability::full) sync_all();
  publish_all();
  const auto synced = tree_.sync(changed_);
  std::vector<FileOutcome<FileVersion>> outcomes;
  outcomes.reserve(added_.size());
  for (Added& each : added_) {
    if (each.published && !synced) each.outcome = std::unexpected(synced.error());
    if (each.published && synced && each.facts.key != UploadKey{}) {
      uploads_.note_published(each.facts, *each.published);
    }
    outcomes.push_back(*std::move(each.outcome));
  }
  added_.clear();
  return outcomes;
}

bool SmallFiles::is_decided() const {
  return std::ranges::all_of(added_, [](const Added& each) { return each.outcome.has_value(); });
}

void SmallFiles::perform_all(Step step) {
  if (!is_decided()) perform(step, {});
}

/// Takes a step with all files of the part that are still to be published, as one piece of file
/// work.
void SmallFiles::perform(Step step, Part part) {
  const auto done = run_file_work([&] {
    for (std::size_t i = part.first; i < added_.size(); i += part.stride) {
      if (!added_[i].outcome) attempt(step, added_[i]);
    }
  });
  if (!done) refuse_rest(file_error_of(done.error()), part);
}

/// What one file lacks does not keep the others from the disk.
void SmallFiles::attempt(Step step, Added& added) {
  try {
    (this->*step)(added);
  } catch (const std::bad_alloc&) {
    added.content.reset();
    added.outcome = refuse(FileErrorCode::busy);
  }
}

void SmallFiles::refuse_rest(const FileError& error, Part part) {
  for (std::size_t i = part.first; i < added_.size(); i += part.stride) {
    if (!added_[i].outcome) added_[i].outcome = std::unexpected(error);
    added_[i].content.reset();
  }
}

void SmallFiles::find_earlier(Added& added) {
  const auto earlier = earlier_version(added.facts);
  if (!earlier) {
    added.outcome = std::unexpected(earlier.error());
  } else if (*earlier) {
    added.outcome = **earlier;
  } else if (uploads_.find(added.facts.key) != nullptr) {
    added.outcome = refuse(FileErrorCode::key_reused);
  }
}

FileOutcome<std::optional<FileVersion>> SmallFiles::earlier_version(const UploadFacts& facts) {
  // Most are new: they do not wait for uploads that begin.
  if (!uploads_.find_published(facts.key)) return std::nullopt;
  const auto lock = uploads_.beginning().lock();
  if (!lock) return storage_failure(lock.error());
  return published_earlier(tree_, uploads_, facts);
}

void SmallFiles::stage(Added& added) {
  auto content = write(added);
  if (content) {
    added.content.emplace(*std::move(content));
    return;
  }
  if (may_be_there_already(content.error())) {
    const auto same = published_earlier(tree_, *added.request);
    if (!same) added.outcome = std::unexpected(same.error());
    if (same && *same) added.outcome = **same;
  }
  if (!added.outcome) added.outcome = std::unexpected(std::move(content.error()));
}

FileOutcome<StagedContent> SmallFiles::write(const Added& added) {
  const PutSmallFile& request = *added.request;
  const std::uint64_t size = request.content.size();
  const auto usage = tree_.admit(added.target, size);
  if (!usage) return std::unexpected(usage.error());
  auto reservation = tree_.account().reserve(*usage, size);
  if (!reservation) return std::unexpected(std::move(reservation.error()));
  auto content = StagedContent::make(uploads_.staging(), added.target, *std::move(reservation));
  if (!content) return content;
  if (auto written = content->file().write_at(0, as_bytes(request.content)); !written) {
    return storage_failure(written.error());
  }
  const auto described =
      content->describe({.is_executable = request.is_executable, .modified = request.modified});
  if (!described) return std::unexpected(described.error());
  if (tree_.durability() == FileDurability::full) discard(content->file().begin_sync(0, size));
  return content;
}

/// The disk writes at once what several threads wait for.
void SmallFiles::sync_all() {
  if (is_decided()) return;
  TaskGroup waiters;
  const std::size_t stride = std::min(kSyncedAtOnce, added_.size());
  for (std::size_t first = 0; first < stride; ++first) {
    const Part part{first, stride};
    const auto spawned =
        waiters.spawn("files sync", [this, part] { perform(&SmallFiles::sync, part); });
    if (!spawned) perform(&SmallFiles::sync, part);
  }
  // Each fiber has noted how it has ended.
  discard(waiters.join());
}

void SmallFiles::sync(Added& added) {
  if (auto synced = added.content->sync(); !synced) {
    added.content.reset();
    added.outcome = std::unexpected(std::move(synced.error()));
  }
}

void SmallFiles::publish_all() {
  if (is_decided()) return;
  const auto lock = tree_.locking();
  if (!lock) return refuse_rest(lock.error(), {});
  perform_all(&SmallFiles::publish);
}

void SmallFiles::publish(Added& added) {
  const auto published = added.content->publish_locked(tree_, changed_);
  added.content.reset();
  if (!published) {
    added.outcome = std::unexpected(published.error());
    return;
  }
  added.published = *published;
  added.outcome = version_of(*published);
}

}  // namespace hotline::services
