#include "services/durable_names.h"

namespace hotline::services {

bool DurableNames::contains(std::uint64_t inode) const {
  const std::lock_guard lock(mutex_);
  return inodes_.contains(inode);
}

std::uint64_t DurableNames::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void DurableNames::note(std::uint64_t inode, std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  if (changes != changes_) return;
  if (inodes_.size() >= kDirectoriesMax) inodes_.clear();
  inodes_.insert(inode);
}

void DurableNames::note_changed(std::uint64_t inode) {
  const std::lock_guard lock(mutex_);
  ++changes_;
  inodes_.erase(inode);
}

void DurableNames::clear() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  inodes_.clear();
}

}  // namespace hotline::services
