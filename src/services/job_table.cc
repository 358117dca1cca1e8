#include "services/job_table.h"

#include <algorithm>

namespace hotline::services {

bool JobTable::is_full() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size() >= jobs_max_;
}

void JobTable::add(std::shared_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
}

void JobTable::remove(const Job& job) {
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [&](const auto& each) { return each.get() == &job; });
}

std::shared_ptr<Job> JobTable::find(std::string_view owner, const JobId& id) const {
  for (auto& each : of(owner)) {
    if (each->facts().id == id) return std::move(each);
  }
  return nullptr;
}

std::shared_ptr<Job> JobTable::find(std::string_view owner, const RunKey& key) const {
  for (auto& each : of(owner)) {
    if (each->facts().command.key == key) return std::move(each);
  }
  return nullptr;
}

std::shared_ptr<Job> JobTable::oldest_ended(std::string_view owner) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Job> oldest;
  for (const auto& each : jobs_) {
    if (!each->exit()) continue;
    if (each->facts().owner == owner) return each;
    if (!oldest) oldest = each;
  }
  return oldest;
}

std::vector<std::shared_ptr<Job>> JobTable::of(std::string_view owner) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Job>> found;
  for (const auto& each : jobs_) {
    if (each->facts().owner == owner) found.push_back(each);
  }
  return found;
}

}  // namespace hotline::services
