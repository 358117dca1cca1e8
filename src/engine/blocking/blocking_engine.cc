#include "engine/blocking/blocking_engine.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "engine/poll_timeout.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

// The largest pieces take less than a millisecond for this many. A thread that never has to wait
// would otherwise run for several milliseconds; hundreds of them, one for each flooding peer, would
// delay the others by a second.
constexpr int kDoneAtOnceMax = 16;
constexpr int kUnsureWaitsMax = 16;

}  // namespace

int BlockingEngine::interpret(Operation& operation, Deadline deadline) {
  const Deadline earliest = Deadline::earliest(deadline, scope_.deadline);
  const short events = operation.direction() == Direction::read ? POLLIN : POLLOUT;
  note_interrupts();
  if (scope_.code_in_force() == kCancelEnd) return -kCancelEnd;
  if (operation.channel().is_attached()) return leave_loop_and_perform(operation, deadline);
  for (;;) {
    const int result = attempt_or_wait(operation, earliest);
    if (result != -EAGAIN) return result;
    if (operation.kind() == Operation::Kind::receive) {
      operation.channel().call_wait.note_poll(operation.channel().fd());
    }
    const int ended = wait(operation.channel().fd(), events, earliest, operation.is_drainable());
    // The thread may not have run for a while. What arrived in time counts, even if it is noticed
    // late.
    if (ended == -kDrainEnd || ended == -kDeadlineEnd) return operation.attempt_last(ended);
    if (ended < 0) return ended;
  }
}

/// A loop of this thread, which does not run now, has used the channel and may hold bytes of it.
int BlockingEngine::leave_loop_and_perform(Operation& operation, Deadline deadline) {
  operation.channel().withdraw();
  return perform(operation, deadline);
}

/// Returns as Operation::attempt(), perhaps after a wait in the system call.
int BlockingEngine::attempt_or_wait(Operation& operation, Deadline deadline) {
  const bool can_wait = operation.can_wait_in_call();
  // A hook must hear of waits only. A call does not show if it has waited, so that now and then an
  // attempt must show if this thread ever has to.
  if (!can_wait || suspend_hook_ != nullptr || unsure_waits_ >= kUnsureWaitsMax) {
    const int result = attempt(operation);
    if (!can_wait || result != -EAGAIN) return result;
    unsure_waits_ = 0;
  }
  // A wait that must end soon is left to poll(), which ends in time.
  const Instant latest = now() + CallWait::kMax;
  if (end_of_wait(latest, deadline, operation.is_drainable()) < 0) return attempt(operation);
  note_wait();
  done_at_once_ = 0;
  ++unsure_waits_;
  const int result = operation.attempt_waiting();
  if (result == -EAGAIN) operation.channel().call_wait.note_idle();
  return result;
}

int BlockingEngine::wait_until(Deadline deadline, OnDrain on_drain) {
  return wait(-1, 0, Deadline::earliest(deadline, scope_.deadline), on_drain == OnDrain::ends);
}

int BlockingEngine::wait(int fd, short events, Deadline deadline, bool is_drainable) {
  for (;;) {
    const Instant time = now();
    if (const int ended = end_before_wait(time, deadline, is_drainable); ended < 0) return ended;
    pollfd polled[] = {{fd, events, 0},
                       {interrupter_ == nullptr ? -1 : interrupter_->fd(), POLLIN, 0}};
    const int ready = ::poll(polled, 2, poll_timeout_ms(time, deadline));
    if (ready < 0 && errno != EINTR) return -errno;
    if (ready > 0 && polled[1].revents != 0) interrupter_->clear_wakeup();
    if (ready > 0 && polled[0].revents != 0) return 0;
  }
}

/// Returns why a wait would end at once, or 0.
int BlockingEngine::end_of_wait(Instant time, Deadline deadline, bool is_drainable) {
  note_interrupts();
  if (scope_.code_in_force() == kCancelEnd) return -kCancelEnd;
  if (scope_.code_in_force() == kDrainEnd && is_drainable) return -kDrainEnd;
  return deadline.has_passed(time) ? -kDeadlineEnd : 0;
}

/// Returns why a wait would end at once, or 0 if it begins now.
int BlockingEngine::end_before_wait(Instant time, Deadline deadline, bool is_drainable) {
  if (const int ended = end_of_wait(time, deadline, is_drainable); ended < 0) return ended;
  done_at_once_ = 0;
  note_wait();
  return 0;
}

int BlockingEngine::attempt(Operation& operation) {
  const int result = operation.attempt();
  if (result != -EAGAIN) note_done(operation);
  return result;
}

/// Lets other threads run when this one has used its share. The thread of a listener has no limit,
/// because it must keep up with all callers.
void BlockingEngine::note_done(const Operation& operation) {
  if (operation.kind() == Operation::Kind::accept) return;
  if (++done_at_once_ <= kDoneAtOnceMax) return;
  ::sched_yield();
  done_at_once_ = 0;
  unsure_waits_ = 0;
}

void BlockingEngine::note_interrupts() noexcept {
  if (interrupter_ == nullptr) return;
  scope_.end_code = std::max(scope_.end_code, interrupter_->take_end_code());
}

int BlockingEngine::offload(OffloadPool::Work work) {
  note_interrupts();
  if (scope_.code_in_force() == kCancelEnd) return -kCancelEnd;
  if (!offload_pool_) offload_pool_ = std::make_shared<OffloadPool>();
  // Shared with the worker, which may finish long after this wait has given up.
  auto done = std::make_shared<Interrupter>();
  if (done->fd() < 0) return -EMFILE;
  const auto ticket = offload_pool_->submit([work = std::move(work), done]() mutable {
    work();
    // What the work holds is destroyed before the wait ends.
    work = nullptr;
    done->drain();
  });
  const int waited = wait_for(*done, Deadline::never(), OnDrain::goes_on);
  if (waited < 0) offload_pool_->give_up(ticket);
  return waited;
}

int BlockingEngine::perform_file_work(OffloadPool::Work work) {
  note_wait();
  work();
  return 0;
}

int BlockingEngine::wait_for(Interrupter& counter, Deadline deadline, OnDrain on_drain) {
  const int waited = wait(counter.fd(), POLLIN, Deadline::earliest(deadline, scope_.deadline),
                          on_drain == OnDrain::ends);
  // While it has not written, it still uses the counter.
  if (!counter.clear_wakeup()) return waited;
  // Taking what the other thread wrote orders its work before what follows here; polling alone does
  // not.
  static_cast<void>(counter.take_end_code());
  return 0;
}

int BlockingEngine::wait_for(ThreadSignal& signal, Deadline deadline, OnDrain on_drain) {
  const Deadline earliest = Deadline::earliest(deadline, scope_.deadline);
  const int ended = end_before_wait(now(), earliest, on_drain == OnDrain::ends);
  if (ended < 0) return signal.is_set() ? 0 : ended;
  return signal.wait(earliest) ? 0 : -kDeadlineEnd;
}

Buffer BlockingEngine::take_buffer() {
  if (spare_count_ > 0) return std::move(spares_[--spare_count_]);
  try {
    return Buffer(kBufferBytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

void BlockingEngine::recycle(Buffer buffer) {
  const bool is_ours = buffer && !buffer.is_pooled() && buffer.memory().size() == kBufferBytes;
  if (is_ours && spare_count_ < spares_.size()) spares_[spare_count_++] = std::move(buffer);
}

}  // namespace hotline::engine
