#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/engine/mutex.h"
#include "hotline/services/job_id.h"
#include "services/command_places.h"
#include "services/job.h"

namespace hotline::services {

/// The jobs of all callers of a server. A caller finds only its own. Any thread.
class JobTable {
 public:
  JobTable(std::size_t all_max, std::size_t each_max) : all_max_(all_max), each_max_(each_max) {}

  /// Returns the limit that leaves no place for a further job of `owner`, even if jobs are given up
  /// that have ended and have no client; nullopt if there is a place.
  std::optional<FullLimit> full_limit(std::string_view owner) const;

  /// Gives up the oldest jobs that have ended and have no client, as far as more have been started
  /// than may be: call it when the command of a further job of `owner`, who loses jobs first, has
  /// been started.
  void give_up_excess(std::string_view owner);

  void add(std::shared_ptr<Job> job);
  void remove(const Job& job);

  /// Returns null if `owner` has no such job, or its command has not been started.
  std::shared_ptr<Job> find(std::string_view owner, const JobId& id) const;

  /// Returns the jobs of `owner` whose commands have been started, the oldest first.
  std::vector<std::shared_ptr<Job>> of(std::string_view owner) const;

  /// Returns the job that `owner` has asked for with that key, or null. It may not have been
  /// started yet.
  std::shared_ptr<Job> find(std::string_view owner, const RunKey& key) const;

  /// Gives up the jobs that have ended and been without a client for their time. Returns when the
  /// next one is due, unless another job ends or is left before that.
  Deadline give_up_expired(Instant now);

  /// Returns how many jobs have not ended.
  std::size_t running_count() const;

  /// Gives up all jobs that have ended.
  void give_up_ended();

  /// Held while a job is looked up by its key and added, so that no key runs twice.
  Mutex& starting() { return starting_; }

 private:
  using Jobs = std::vector<std::shared_ptr<Job>>;

  Jobs::iterator oldest_idle(std::string_view owner);

  const std::size_t all_max_;
  const std::size_t each_max_;
  Mutex starting_;
  mutable std::mutex mutex_;
  Jobs jobs_;  ///< In the order of their start. A server has dozens of jobs, not thousands.
};

}  // namespace hotline::services
