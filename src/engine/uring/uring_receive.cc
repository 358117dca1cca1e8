#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/longest_blocked.h"
#include "engine/operations/receive.h"
#include "engine/uring/uring_loop.h"
#include "engine/uring/uring_state.h"

// How a UringLoop receives: its multishots, what they bring before a receive asks for it, and what
// happens to streams when buffers are short.

namespace hotline::engine {
namespace {

// The number of bytes that one descriptor may queue before any receive asks for them. Beyond it the
// multishot is cancelled.
constexpr std::size_t kUnreadBytesMax = 66 * 1024;

bool has_more(unsigned flags) { return (flags & IORING_CQE_F_MORE) != 0; }

}  // namespace

int UringLoop::receive(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  for (;;) {
    if (state.first != BufferPool::kNone) {
      return static_cast<Receive&>(operation).take(dequeue(state));
    }
    if (state.end == -ENOBUFS) return std::exchange(state.end, 1);
    if (state.end <= 0) return state.end;
    if (state.is_direct && !is_draining() && !state.is_armed && !state.is_starved()) {
      const int result = receive_directly(operation, state, deadline);
      if (result != -EAGAIN) return result;
    }
    // Only after the attempt, which lets other fibers run: one of them may ask for a drain, and a
    // drained fiber must not wait for a multishot that it will not arm.
    if (is_draining() && !state.is_armed) return operation.attempt_last(-kDrainEnd);
    if (!state.is_armed && !state.is_starved()) arm_receive(state);
    const int waited = wait_for_queue(operation.channel(), state, deadline);
    if (waited < 0) return waited;
  }
}

/// A large one costs a stream that carries much data fewer turns and fewer answers.
Buffer UringLoop::take_buffer() {
  if (large_buffers_) {
    if (Buffer large = large_buffers_->take()) return large;
  }
  return buffers_.take();
}

bool UringLoop::has_arrived(const Channel& channel) const {
  const auto* state = static_cast<const State*>(state_of(channel));
  return state != nullptr && state->first != BufferPool::kNone;
}

Buffer UringLoop::take_arrived(Channel& channel) {
  if (!has_arrived(channel)) return {};
  return dequeue(static_cast<State&>(*state_of(channel)));
}

/// Attempts a receive without the kernel's ring, in the fiber's own share of the turn. Returns
/// -EAGAIN if nothing has arrived or no buffer is available; the state is then as before a first
/// receive, or starved.
int UringLoop::receive_directly(Operation& operation, State& state, Deadline deadline) {
  spend_budget();
  if (has_left(operation.channel(), state)) return -kCancelEnd;
  const bool needs_buffer = static_cast<const Receive&>(operation).into().empty();
  const bool may_take =
      !needs_buffer || state.weight == Weight::light || buffers_.above_reserve() > 0;
  const int result = may_take ? operation.attempt() : -ENOBUFS;
  if (result > 0) {
    charge(result);
    state.weight = weight_of(static_cast<std::size_t>(result));
  }
  if (result == -ENOBUFS && needs_buffer) {
    starve(state);
  } else if (result != -EAGAIN) {
    return result;
  } else {
    state.is_direct = false;
  }
  return is_due(deadline) ? -kDeadlineEnd : -EAGAIN;
}

/// Waits until the multishot has queued something or has ended. On a drain, something may have
/// arrived that is not queued yet, so the multishot is stopped and a last attempt decides.
int UringLoop::wait_for_queue(const Channel& channel, State& state, Deadline deadline) {
  if (is_draining()) stop_multishot(state);
  // What arrives later stays in the queue.
  PlainWait wait(*this, is_draining() ? OnDrain::goes_on : OnDrain::ends);
  occupy(state.waiter, wait);
  const int waited = park(wait, deadline);
  if (has_left(channel, state)) return -kCancelEnd;
  state.waiter = nullptr;
  return waited == -kDrainEnd ? 0 : waited;
}

void UringLoop::begin_watch(Channel& channel, ReadWatch& watch) {
  State& state = attached_state(channel);
  const bool is_idle = !state.is_armed && !state.is_starved();
  const bool is_worth_a_try =
      state.first != BufferPool::kNone || state.end <= 0 || (state.is_direct && is_idle);
  if (is_worth_a_try) return EventLoop::complete(watch, 0);
  if (is_idle) arm_receive(state);
  occupy(state.waiter, watch);
}

void UringLoop::unwatch(Channel& channel) {
  if (auto* state = static_cast<State*>(state_of(channel))) state->waiter = nullptr;
}

void UringLoop::arm_receive(State& state) {
  io_uring_sqe& entry = ring_.next_entry(state);
  if (buffers_.is_running_short()) {
    // One buffer at a time, because a multishot takes many before it can be stopped.
    io_uring_prep_recv(&entry, state.channel->fd(), nullptr, buffers_.buffer_bytes(), 0);
  } else {
    io_uring_prep_recv_multishot(&entry, state.channel->fd(), nullptr, 0, 0);
  }
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = BufferRing::kGroup;
  state.is_armed = true;
}

void UringLoop::received(State& state, int result, unsigned flags) {
  const bool has_buffer = (flags & IORING_CQE_F_BUFFER) != 0;
  const std::uint32_t index = flags >> IORING_CQE_BUFFER_SHIFT;
  if (has_buffer) buffer_ring_.note_used();
  if (has_buffer && (result <= 0 || state.channel == nullptr)) buffers_.give_back(index);
  if (has_buffer && result > 0 && state.channel != nullptr) {
    enqueue(state, index, static_cast<std::uint32_t>(result));
  }
  const bool is_starved = result == -ENOBUFS && buffers_.has_any();
  if (is_starved && state.channel != nullptr) {
    starve(state);
  } else if (result <= 0 && result != -ECANCELED && !is_starved) {
    state.end = result;
  }
  settle(state, flags);
}

void UringLoop::enqueue(State& state, std::uint32_t index, std::uint32_t filled) {
  queued_[index] = {BufferPool::kNone, filled};
  (state.first == BufferPool::kNone ? state.first : queued_[state.last].next) = index;
  state.last = index;
  ++state.queued_count;
  state.weight = weight_of(filled);
  const std::size_t bytes_max = buffers_.is_running_short() ? 0 : kUnreadBytesMax;
  if (state.queued_count * buffers_.buffer_bytes() <= bytes_max) return;
  state.is_direct = state.weight == Weight::bulk;
  stop_multishot(state);
}

Buffer UringLoop::dequeue(State& state) {
  const std::uint32_t index = state.first;
  state.first = queued_[index].next;
  --state.queued_count;
  return buffers_.adopt(index, queued_[index].filled);
}

/// Handles the terminal completion of a multishot and wakes the waiter.
void UringLoop::settle(State& state, unsigned flags) {
  if (!has_more(flags)) {
    state.is_armed = false;
    state.is_stopping = false;
    if (state.channel == nullptr) {
      --orphan_count_;
      delete &state;
      return;
    }
  }
  // If the queue is empty, the waiter can only re-arm or report the end.
  if (!state.is_starved() || !state.is_empty()) state.wake(*this);
}

/// ENOBUFS acts as flow control: the bytes stay in the socket until there is a buffer for them.
void UringLoop::starve(State& state) {
  // The kernel holds all that there are, so that none is left to receive directly.
  if (buffers_.count_max() <= buffer_ring_.hot()) state.weight = Weight::light;
  state.is_direct |= state.weight == Weight::bulk;
  shortage_.add(state);
}

void UringLoop::feed_starved() {
  if (!shortage_.is_felt()) return;
  cut_longest_blocked();
  shortage_.feed(buffer_ring_.held(),
                 [this](ChannelState& each) { feed(static_cast<State&>(each)); });
}

void UringLoop::feed(State& state) {
  if (state.waiter == nullptr) return;
  // A stream that carries little data takes a buffer from the ring, which holds those of the
  // reserve.
  state.is_direct &= state.weight == Weight::bulk;
  if (state.is_direct) return state.wake(*this);
  if (!state.is_armed) arm_receive(state);
}

/// Cuts the streams that hold buffers and whose peers have read nothing for longest; otherwise the
/// streams without a buffer would wait without end.
void UringLoop::cut_longest_blocked() {
  if (!shortage_.is_cut_due(now())) return;
  LongestBlocked blocked(now());
  for (ChannelState* each = attached(); each != nullptr; each = each->next) {
    State& state = static_cast<State&>(*each);
    const bool holds_buffers = state.channel->lease.is_pooled() || state.queued_count > 0;
    if (state.submitted[1] != nullptr && holds_buffers) blocked.consider(*state.submitted[1]);
  }
  for (Wait* wait : blocked.found()) wait->interrupt(kShortageEnd);
}

}  // namespace hotline::engine
