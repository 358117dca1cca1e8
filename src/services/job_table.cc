#include "services/job_table.h"

#include <algorithm>
#include <utility>

namespace hotline::services {

std::optional<FullLimit> JobTable::make_room(std::string_view owner) {
  std::shared_ptr<Job> given_up;
  const std::lock_guard lock(mutex_);
  const auto own = static_cast<std::size_t>(
      std::ranges::count(jobs_, owner, [](const auto& each) { return each->facts().owner; }));
  const bool is_share_taken = own >= each_max_;
  if (!is_share_taken && jobs_.size() < all_max_) return std::nullopt;
  auto oldest = oldest_ended(owner);
  if (oldest == jobs_.end() && is_share_taken) return FullLimit::of_each;
  if (oldest == jobs_.end()) {
    oldest = std::ranges::find_if(jobs_, [](const auto& each) { return each->exit().has_value(); });
  }
  if (oldest == jobs_.end()) return FullLimit::of_all;
  given_up = std::move(*oldest);
  jobs_.erase(oldest);
  return std::nullopt;
}

JobTable::Jobs::iterator JobTable::oldest_ended(std::string_view owner) {
  return std::ranges::find_if(
      jobs_, [&](const auto& each) { return each->facts().owner == owner && each->exit(); });
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

std::vector<std::shared_ptr<Job>> JobTable::of(std::string_view owner) const {
  const std::lock_guard lock(mutex_);
  Jobs found;
  for (const auto& each : jobs_) {
    if (each->facts().owner == owner && each->has_started()) found.push_back(each);
  }
  return found;
}

std::shared_ptr<Job> JobTable::find(std::string_view owner, const RunKey& key) const {
  const std::lock_guard lock(mutex_);
  for (const auto& each : jobs_) {
    if (each->facts().owner == owner && each->facts().command.key == key) return each;
  }
  return nullptr;
}

Deadline JobTable::give_up_expired(Instant now) {
  Deadline next = Deadline::never();
  Jobs given_up;
  const std::lock_guard lock(mutex_);
  for (auto& each : jobs_) {
    if (!each->exit()) continue;
    const Deadline until = each->kept_until();
    if (until.has_passed(now)) {
      given_up.push_back(each);
    } else {
      next = Deadline::earliest(next, until);
    }
  }
  std::erase_if(
      jobs_, [&](const auto& each) { return std::ranges::find(given_up, each) != given_up.end(); });
  return next;
}

void JobTable::give_up_ended() {
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [](const auto& each) { return each->exit().has_value(); });
}

}  // namespace hotline::services
