#include "services/file_recount.h"

#include <utility>

#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr int kWalksMax = 8;
constexpr std::size_t kNamesOfWalk = 256;

/// Returns true for a directory, other than the home, that was removed or replaced beside the
/// service, or is a mount point.
bool has_gone(const std::string& path, const FileError& error) {
  return !path.empty() && is_no_directory(error);
}

}  // namespace

FileOutcome<FileUsage> FileRecount::run() {
  const auto counting = tree_.counting().lock();
  if (!counting) return storage_failure(counting.error());
  for (int i = 0; i < kWalksMax; ++i) {
    tree_.account().begin_recount();
    if (auto walked = walk(); !walked) {
      tree_.account().give_up_recount();
      return std::unexpected(std::move(walked.error()));
    }
    if (const auto used = tree_.account().end_recount()) return *used;
  }
  tree_.account().give_up_recount();
  return refuse(FileErrorCode::busy, "directories are moved while they are counted");
}

FileOutcome<void> FileRecount::walk() {
  left_ = {std::string()};
  while (!left_.empty()) {
    const std::string path = std::move(left_.back());
    left_.pop_back();
    const auto lock = tree_.locking();
    if (!lock) return std::unexpected(lock.error());
    if (auto walked = walk_one(path); !walked) return walked;
  }
  return {};
}

FileOutcome<void> FileRecount::walk_one(const std::string& path) {
  const auto directory = tree_.open_for_recount(path);
  if (!directory && has_gone(path, directory.error())) return {};
  if (!directory) return std::unexpected(directory.error());
  const auto status = directory->status();
  auto reader = directory->entries({.detail = EntriesOptions::Detail::status});
  if (!status || !reader) return storage_failure(status ? reader.error() : status.error());
  FileUsage usage;
  for (;;) {
    const auto entries = reader->next(kNamesOfWalk);
    if (!entries && has_gone(path, file_error_of(entries.error()))) return {};
    if (!entries) return storage_failure(entries.error());
    if (entries->empty()) break;
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.status) continue;
      const FileUsage more = usage_of(*entry.status);
      usage = {usage.bytes + more.bytes, usage.entries + more.entries};
      if (entry.status->kind != EntryKind::directory) continue;
      left_.push_back(path.empty() ? entry.name : path + "/" + entry.name);
    }
  }
  tree_.account().add_walked(status->inode, usage);
  return {};
}

}  // namespace hotline::services
