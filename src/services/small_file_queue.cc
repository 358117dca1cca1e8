#include "services/small_file_queue.h"

#include <algorithm>
#include <utility>

namespace hotline::services {
namespace {

/// More than these gain little from waiting for the disk together.
constexpr std::size_t kStoredAtOnceMax = 64;

/// What those get whose group was not stored. Without a text it takes no memory.
const std::unexpected kFailedGroup{FileError{.code = FileErrorCode::busy, .is_retryable = true}};

}  // namespace

FileOutcome<FileVersion> SmallFileQueue::store(PutSmallFile request) {
  const auto own = std::make_shared<Waiting>(Waiting{std::move(request)});
  waiting_.push_back(own);
  const auto lock = storing_.lock();
  if (!lock) {
    std::erase(waiting_, own);
    return refuse(FileErrorCode::draining);
  }
  // Those that wait get the lock in their order, so this one is in the first group that is left.
  while (!own->outcome && !waiting_.empty()) store_group();
  return own->outcome ? *std::move(own->outcome) : kFailedGroup;
}

void SmallFileQueue::store_group() {
  const std::size_t count = std::min(waiting_.size(), kStoredAtOnceMax);
  const std::vector<std::shared_ptr<Waiting>> group(
      waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  // No later group has them, so each needs an outcome, whatever is thrown.
  for (const auto& each : group) each->outcome = kFailedGroup;
  std::vector<PutSmallFile> requests;
  requests.reserve(count);
  for (const auto& each : group) requests.push_back(std::move(each->request));
  std::vector<FileOutcome<FileVersion>> outcomes = store_all_(requests);
  for (std::size_t i = 0; i < count; ++i) group[i]->outcome = std::move(outcomes[i]);
}

}  // namespace hotline::services
