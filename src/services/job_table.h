#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/engine/mutex.h"
#include "hotline/services/job_id.h"
#include "services/job.h"

namespace hotline::services {

/// The jobs of all callers of a server. A caller finds only its own. Any thread.
class JobTable {
 public:
  explicit JobTable(std::size_t jobs_max) : jobs_max_(jobs_max) {}

  /// Returns true if there is no place for a further job.
  bool is_full() const;

  void add(std::shared_ptr<Job> job);
  void remove(const Job& job);

  /// Returns null if `owner` has no such job.
  std::shared_ptr<Job> find(std::string_view owner, const JobId& id) const;

  /// Returns the job that `owner` has started with that key, or null.
  std::shared_ptr<Job> find(std::string_view owner, const RunKey& key) const;

  /// Returns the job that ended first, one of `owner` if there is one; null if all run.
  std::shared_ptr<Job> oldest_ended(std::string_view owner) const;

  /// Returns the jobs of `owner`, the oldest first.
  std::vector<std::shared_ptr<Job>> of(std::string_view owner) const;

  /// Held while a job is looked up by its key and started, so that no key runs twice.
  Mutex& starting() { return starting_; }

 private:
  const std::size_t jobs_max_;
  Mutex starting_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Job>> jobs_;  ///< A server has dozens of jobs, not thousands.
};

}  // namespace hotline::services
