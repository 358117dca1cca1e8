#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "services/job_table.h"

namespace hotline::services {

/// Runs the jobs of a service beside its calls, each on a fiber until its command has ended, and
/// gives up those that have ended when their time is over. Any thread.
class JobRunner {
 public:
  /// Runs a job. If it is destroyed without being called, the job cannot run.
  using Body = std::move_only_function<void()>;

  /// `table` must outlive this object.
  explicit JobRunner(JobTable& table) : table_(table) {}

  /// Runs what start() gets, until the server drains and everything has returned; a cut cancels it.
  /// Then gives up all jobs that have ended. It is a task of a server. It may run several times,
  /// one after another or at once. Suspends the fiber; on a thread without a loop it runs one.
  /// Throws std::bad_alloc if it cannot begin.
  void run();

  /// Has `body` run on a fiber of run(), or of the next run() if there is none yet. Destroys it if
  /// the last one has drained, or has no memory for it.
  void start(Body body);

  /// To be set when a job ends, or is left by its client.
  Event& changes() { return changes_; }

 private:
  class Run;

  void run_on_loop();
  void take_bodies(TaskGroup& jobs);
  std::optional<Body> next_body();

  JobTable& table_;
  Event changes_;
  std::mutex mutex_;
  std::deque<Body> waiting_;
  std::size_t runs_ = 0;
  bool has_drained_ = false;
};

}  // namespace hotline::services
