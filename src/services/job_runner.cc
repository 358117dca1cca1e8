#include "services/job_runner.h"

#include <chrono>
#include <new>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/loop.h"

namespace hotline::services {
namespace {

constexpr Duration kNoMemoryPause = std::chrono::milliseconds(20);

/// Starts `body` on a fiber; without memory it is destroyed.
void spawn_body(TaskGroup& jobs, JobRunner::Body body) {
  try {
    discard(jobs.spawn("job", std::move(body)));
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace

/// The time in which bodies are taken.
class JobRunner::Run {
 public:
  explicit Run(JobRunner& runner) : runner_(runner) {
    const std::lock_guard lock(runner_.mutex_);
    ++runner_.runs_;
    runner_.has_drained_ = false;
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    // Destroyed without the lock.
    std::deque<Body> left;
    const std::lock_guard lock(runner_.mutex_);
    if (--runner_.runs_ > 0) return;
    runner_.has_drained_ = true;
    left.swap(runner_.waiting_);
  }

 private:
  JobRunner& runner_;
};

void JobRunner::run() {
  if (Loop::current()) return run_on_loop();
  TaskGroup own_loop;
  if (!own_loop.spawn("jobs", [this] { run_on_loop(); })) throw std::bad_alloc();
  discard(own_loop.join());
}

void JobRunner::run_on_loop() {
  // Also if a job has thrown.
  struct Ended {
    ~Ended() { table.give_up_ended(); }
    JobTable& table;
  };
  const Ended ended{table_};
  TaskGroup jobs;
  {
    const Run run(*this);
    take_bodies(jobs);
  }
  discard(jobs.join());
}

void JobRunner::take_bodies(TaskGroup& jobs) {
  for (;;) {
    while (auto body = next_body()) spawn_body(jobs, std::move(*body));
    const auto waited = changes_.wait(table_.give_up_expired(now()), OnDrain::ends);
    if (waited || waited.error().kind == ErrorKind::timed_out) continue;
    if (waited.error().kind != ErrorKind::resource_exhausted) return;
    if (!sleep_for(kNoMemoryPause, OnDrain::ends)) return;
  }
}

std::optional<JobRunner::Body> JobRunner::next_body() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  Body body = std::move(waiting_.front());
  waiting_.pop_front();
  return body;
}

void JobRunner::start(Body body) {
  const std::lock_guard lock(mutex_);
  if (has_drained_) return;
  waiting_.push_back(std::move(body));
  changes_.set();
}

}  // namespace hotline::services
