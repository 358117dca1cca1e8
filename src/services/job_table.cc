#include "services/job_table.h"

#include <algorithm>
#include <utility>

namespace hotline::services {

std::optional<FullLimit> JobTable::full_limit(std::string_view owner) const {
  std::size_t own = 0;
  std::size_t own_idle = 0;
  std::size_t idle = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& each : jobs_) {
    const bool is_own = each->facts().owner == owner;
    const bool is_idle = each->is_idle();
    own += is_own ? 1U : 0U;
    own_idle += is_own && is_idle ? 1U : 0U;
    idle += is_idle ? 1U : 0U;
  }
  if (own - own_idle >= each_max_) return FullLimit::of_each;
  if (jobs_.size() - idle >= all_max_) return FullLimit::of_all;
  return std::nullopt;
}

void JobTable::give_up_excess(std::string_view owner) {
  Jobs given_up;
  const std::lock_guard lock(mutex_);
  const auto started = [&](bool is_of_all) {
    return static_cast<std::size_t>(std::ranges::count_if(jobs_, [&](const auto& each) {
      return (is_of_all || each->facts().owner == owner) && each->has_started();
    }));
  };
  const auto give_up = [&](Jobs::iterator job) {
    if (job == jobs_.end()) return false;
    given_up.push_back(std::move(*job));
    jobs_.erase(job);
    return true;
  };
  while (started(false) > each_max_ && give_up(oldest_idle(owner))) {
  }
  while (started(true) > all_max_) {
    const auto any = std::ranges::find_if(jobs_, [](const auto& each) { return each->is_idle(); });
    const auto own = oldest_idle(owner);
    if (!give_up(own == jobs_.end() ? any : own)) return;
  }
}

JobTable::Jobs::iterator JobTable::oldest_idle(std::string_view owner) {
  return std::ranges::find_if(
      jobs_, [&](const auto& each) { return each->facts().owner == owner && each->is_idle(); });
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

std::size_t JobTable::running_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(jobs_, [](const auto& each) { return !each->exit(); }));
}

void JobTable::give_up_ended() {
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [](const auto& each) { return each->exit().has_value(); });
}

}  // namespace hotline::services
