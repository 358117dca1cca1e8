#include "engine/semaphore.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <thread>

#include "engine/event_loop.h"
#include "engine/operations/read_write.h"

namespace hotline::engine {

namespace {

/// On a loop the token may be due from one of its own fibers.
void let_others_run() {
  EventLoop* loop = EventLoop::running();
  if (loop != nullptr && loop->fiber() != nullptr) {
    loop->yield();
  } else {
    std::this_thread::yield();
  }
}

}  // namespace

Semaphore::Semaphore(std::size_t count) : count_(static_cast<std::ptrdiff_t>(count)) {
  const int fd = Engine::current().open_counter();
  failed_ = std::min(0, fd);
  tokens_.reset(fd);
}

Semaphore::~Semaphore() {
  if (tokens_) Engine::current().close(std::move(tokens_));
}

Result<void> Semaphore::check() const {
  if (failed_ == 0) return {};
  return fail(operation_error(failed_, "make room for callers"));
}

Result<void> Semaphore::acquire() {
  if (count_.fetch_sub(1, std::memory_order_acquire) > 0) return {};
  const int result = wait_for_token();
  if (result >= 0) return {};
  return leave(result);
}

/// Leaves the queue, unless this waiter has been let go meanwhile: then a token is there for it, or
/// another waiter has taken that and so stands in the queue in its stead.
Result<void> Semaphore::leave(int ended) {
  for (;;) {
    std::ptrdiff_t count = count_.load();
    if (count < 0) {
      if (!count_.compare_exchange_weak(count, count + 1)) continue;
      return fail(operation_error(ended, "wait for room"));
    }
    const int taken = Engine::current().take_from_counter(tokens_.get());
    if (taken == 0) return {};
    if (taken != -EAGAIN) return fail(operation_error(ended, "wait for room"));
    let_others_run();
  }
}

int Semaphore::wait_for_token() {
  // A channel belongs to one engine, so each wait has its own.
  const int fd = Engine::current().duplicate(tokens_.get());
  if (fd < 0) return fd;
  Channel channel{UniqueFd(fd)};
  std::uint64_t token = 0;
  Read read(channel, std::as_writable_bytes(std::span(&token, 1)));
  return Engine::current().perform(read, Deadline::never());
}

void Semaphore::release() {
  if (count_.fetch_add(1, std::memory_order_release) < 0)
    Engine::current().add_to_counter(tokens_.get());
}

}  // namespace hotline::engine
