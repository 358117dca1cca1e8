#include "engine/offload_pool.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <thread>
#include <utility>

namespace hotline::engine {
namespace {

// Signals belong to the threads that wait for them.
void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

OffloadPool::OffloadPool(unsigned threads_max)
    : threads_max_(threads_max), queue_(std::make_shared<Queue>()) {}

OffloadPool::~OffloadPool() {
  const std::lock_guard lock(queue_->mutex);
  queue_->is_closed = true;
  queue_->waiting.clear();
  queue_->changed.notify_all();
}

void OffloadPool::submit(std::function<void()> work) {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->waiting.push_back(std::move(work));
    if (queue_->idle >= queue_->waiting.size() || queue_->threads == threads_max_) {
      queue_->changed.notify_one();
      return;
    }
    ++queue_->threads;
  }
  try {
    std::thread([queue = queue_] {
      block_all_signals();
      work_through(queue);
    }).detach();
  } catch (const std::system_error&) {
    std::unique_lock lock(queue_->mutex);
    --queue_->threads;
    if (queue_->threads > 0) return;
    auto here = std::move(queue_->waiting.front());
    queue_->waiting.pop_front();
    lock.unlock();
    here();
  }
}

void OffloadPool::work_through(const std::shared_ptr<Queue>& queue) {
  std::unique_lock lock(queue->mutex);
  for (;;) {
    ++queue->idle;
    queue->changed.wait(lock, [&] { return queue->is_closed || !queue->waiting.empty(); });
    --queue->idle;
    if (queue->waiting.empty()) break;
    auto work = std::move(queue->waiting.front());
    queue->waiting.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
  --queue->threads;
}

}  // namespace hotline::engine
