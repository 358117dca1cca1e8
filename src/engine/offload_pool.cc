#include "engine/offload_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <thread>
#include <utility>

namespace hotline::engine {
namespace {

// Signals are for the threads that wait for them.
void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

using Jobs = std::list<OffloadPool::Ticket>;

struct OffloadPool::Job {
  /// Which list the job is in.
  enum class Where : std::uint8_t { inside, outside, nowhere };

  Work work;
  Where where = Where::nowhere;
  Jobs::iterator place;  ///< Valid while it is in a list.
};

struct OffloadPool::Queue {
  explicit Queue(OffloadOptions wanted)
      : threads_max(std::max(1U, wanted.threads_max)), waiting_max(wanted.waiting_max) {}

  bool has_room() const { return inside.size() < waiting_max + (threads_max - busy); }

  /// Returns true if there is more work than threads that are idle or about to begin.
  bool wants_thread() const { return inside.size() > threads - busy && threads < threads_max; }

  /// Moves work from outside to inside, as far as there is room.
  void admit();

  /// Removes a job from its list.
  void remove(Job& job) {
    (job.where == Job::Where::outside ? outside : inside).erase(job.place);
    job.where = Job::Where::nowhere;
  }

  /// Runs the next work. Releases `lock`, which holds the mutex, during the work.
  void run_next(std::unique_lock<std::mutex>& lock);

  const unsigned threads_max;
  const std::size_t waiting_max;
  std::mutex mutex;
  std::condition_variable changed;
  Jobs inside;   ///< Will run, whether or not the submitter still waits.
  Jobs outside;  ///< Runs only if the submitter still waits when there is room inside.
  unsigned threads = 0;
  unsigned busy = 0;  ///< Threads that run work.
  bool is_closed = false;
};

void OffloadPool::Queue::admit() {
  while (!outside.empty() && has_room()) {
    outside.front()->where = Job::Where::inside;
    inside.splice(inside.end(), outside, outside.begin());
  }
}

void OffloadPool::Queue::run_next(std::unique_lock<std::mutex>& lock) {
  const Ticket next = inside.front();
  Work work = std::move(next->work);
  remove(*next);
  admit();
  lock.unlock();
  work();
  work = nullptr;
  lock.lock();
}

OffloadPool::OffloadPool(OffloadOptions options) : queue_(std::make_shared<Queue>(options)) {}

OffloadPool::~OffloadPool() {
  Jobs dropped;
  const std::lock_guard lock(queue_->mutex);
  queue_->is_closed = true;
  dropped.splice(dropped.end(), queue_->inside);
  dropped.splice(dropped.end(), queue_->outside);
  queue_->changed.notify_all();
}

OffloadPool::Ticket OffloadPool::submit(Work work) {
  auto job = std::make_shared<Job>(std::move(work));
  Jobs jobs{job};
  {
    const std::lock_guard lock(queue_->mutex);
    job->place = jobs.begin();
    const bool is_outside = !queue_->outside.empty() || !queue_->has_room();
    job->where = is_outside ? Job::Where::outside : Job::Where::inside;
    Jobs& target = is_outside ? queue_->outside : queue_->inside;
    target.splice(target.end(), jobs);
    if (!queue_->wants_thread()) {
      queue_->changed.notify_one();
      return job;
    }
    ++queue_->threads;
  }
  try {
    std::thread([queue = queue_] {
      block_all_signals();
      work_through(queue);
    }).detach();
  } catch (const std::exception&) {
    std::unique_lock lock(queue_->mutex);
    --queue_->threads;
    // Other submitters may have counted on this thread, so all work inside runs here.
    while (queue_->threads == 0 && !queue_->inside.empty()) queue_->run_next(lock);
  }
  return job;
}

void OffloadPool::give_up(const Ticket& ticket) {
  Work dropped;
  const std::lock_guard lock(queue_->mutex);
  if (ticket->where != Job::Where::outside) return;
  dropped = std::move(ticket->work);
  queue_->remove(*ticket);
}

bool OffloadPool::withdraw(const Ticket& ticket) noexcept {
  Work dropped;
  const std::lock_guard lock(queue_->mutex);
  if (ticket->where == Job::Where::nowhere) return false;
  dropped = std::move(ticket->work);
  queue_->remove(*ticket);
  queue_->admit();
  return true;
}

void OffloadPool::work_through(const std::shared_ptr<Queue>& queue) {
  std::unique_lock lock(queue->mutex);
  for (;;) {
    queue->changed.wait(lock, [&] { return queue->is_closed || !queue->inside.empty(); });
    if (queue->inside.empty()) break;
    ++queue->busy;
    queue->run_next(lock);
    --queue->busy;
    queue->admit();
  }
  --queue->threads;
}

}  // namespace hotline::engine
