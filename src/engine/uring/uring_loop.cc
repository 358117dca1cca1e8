#include "engine/uring/uring_loop.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/above_standard.h"
#include "engine/longest_blocked.h"
#include "engine/operations/accept.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/send.h"
#include "engine/uring/try_append.h"
#include "engine/uring/uring_state.h"

namespace hotline::engine {
namespace {

// A message of 16 KiB with its envelope, or the largest TLS record, comes in one piece.
constexpr std::size_t kRingBufferBytes = 16 * 1024 + 512;

// The number of callers that one listener may queue before any accept asks for them. Beyond it the
// multishot is cancelled.
constexpr std::size_t kUnacceptedMax = 16;

// After so many receives of one datagram each, the next ones are submitted. Each receive of a whole
// number of them looks for more.
constexpr std::uint32_t kLoneMin = 8;
constexpr std::uint32_t kLoneCheck = 16;

// Buffer ids have 16 bits.
constexpr std::size_t kBuffersMax = 65535;

// The share of the memory whose buffers are large.
constexpr std::size_t kLargeShare = 8;

// The largest share of the other buffers that the kernel holds.
constexpr std::size_t kHotShare = 4;

/// Returns the limit for buffers that the ring does not provide; none if the program chooses the
/// size of a lease, or the memory has no room for both sizes.
BufferPool::Options large_buffers(const LoopOptions& options) {
  BufferPool::Options large;
  large.memory_max = options.receive_memory_max / kLargeShare;
  if (options.receive_buffer_bytes || large.memory_max < large.buffer_bytes) large.memory_max = 0;
  return large;
}

BufferPool::Options ring_buffers(const LoopOptions& options) {
  const std::size_t bytes = options.receive_buffer_bytes.value_or(kRingBufferBytes);
  const std::size_t rest = options.receive_memory_max - large_buffers(options).memory_max;
  return {bytes, std::min(rest, bytes * kBuffersMax)};
}

/// Returns how many buffers the kernel holds. Flooded streams may use only those that it does not
/// hold.
unsigned hot_buffers(const LoopOptions& options, const BufferPool& pool) {
  const std::size_t share = std::max<std::size_t>(1, pool.count_max() / kHotShare);
  return std::min(options.hot_buffers, static_cast<unsigned>(std::bit_floor(share)));
}

std::size_t send_bytes_of(const Operation& operation) {
  if (operation.kind() == Operation::Kind::send) {
    return static_cast<const Send&>(operation).bytes().size();
  }
  if (operation.kind() != Operation::Kind::send_vectored) return 0;
  std::size_t sum = 0;
  for (const iovec& each : static_cast<const SendVectored&>(operation).pieces()) {
    sum += each.iov_len;
  }
  return sum;
}

}  // namespace

UringLoop::UringLoop(const LoopOptions& options)
    : EventLoop(options),
      buffers_(ring_buffers(options)),
      buffer_ring_(ring_.raw(), buffers_, hot_buffers(options, buffers_)),
      queued_(buffers_.count_max()),
      mailbox_watch_(ring_, mailbox()->fd()) {
  const BufferPool::Options large = large_buffers(options);
  if (large.memory_max > 0) large_buffers_.emplace(large);
  mailbox_watch_.arm();
}

UringLoop::~UringLoop() {
  // A letter would find a loop that no longer runs.
  mailbox()->close();
  release_channels();
  mailbox_watch_.disarm();
  turn_until([this] { return orphan_count_ == 0 && !mailbox_watch_.is_armed(); });
}

int UringLoop::interpret(Operation& operation, Deadline deadline) {
  if (const int ended = check_scope(); ended < 0) return ended;
  switch (operation.kind()) {
    case Operation::Kind::receive: return receive(operation, deadline);
    case Operation::Kind::accept: return accept(operation, deadline);
    case Operation::Kind::receive_datagrams:
      return receive_datagrams(static_cast<ReceiveDatagrams&>(operation), deadline);
    default: break;
  }
  return operation.is_submitted() ? submit_and_park(operation, deadline)
                                  : attempt_or_poll(operation, deadline);
}

int UringLoop::submit_and_park(Operation& operation, Deadline deadline) {
  const std::size_t bytes = send_bytes_of(operation);
  SubmittedWait wait(*this, operation.is_drainable());
  wait.set_weight(weight_of(bytes));
  // Before the kernel has the entry, because nothing may throw after that.
  const State& state = attached_state(operation.channel());
  if (state.is_cut) return -kShortageEnd;
  operation.prepare(ring_.next_entry(wait));
  ring_.note_send(bytes);
  return park_submitted(wait, operation, deadline);
}

int UringLoop::attempt_or_poll(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  const bool is_read = operation.direction() == Direction::read;
  if (!is_read && state.is_cut) return -kShortageEnd;
  // If the deadline has already passed, still try once.
  if (is_read && state.is_dry && is_due(deadline)) state.is_dry = false;
  for (;;) {
    if (!is_read || !state.is_dry) {
      spend_budget();
      if (has_left(operation.channel(), state)) return -kCancelEnd;
      const int result = operation.attempt();
      if (result != -EAGAIN) {
        if (is_read) state.is_dry = operation.has_exhausted(result);
        if (!is_read && result > 0) charge(result);
        return result;
      }
      if (is_due(deadline)) return -kDeadlineEnd;
    }
    const int polled = poll_and_park(operation, deadline);
    if (has_left(operation.channel(), state)) return -kCancelEnd;
    if (polled == -kDrainEnd) return operation.attempt_last(polled);
    // The kernel ends a poll of a terminal with EINVAL when the terminal gets other settings.
    if (polled < 0 && polled != -EINVAL) return polled;
    state.is_dry = false;
  }
}

int UringLoop::receive_datagrams(ReceiveDatagrams& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  const bool is_lone = state.is_dry && state.lone_count >= kLoneMin && !is_due(deadline);
  int result = -EAGAIN;
  if (state.retry.take()) {
    result = attempt_again(operation, state);
  } else if (is_lone && operation.may_receive_first()) {
    result = receive_lone(operation, state, deadline);
  }
  if (result == -EAGAIN) result = attempt_or_poll(operation, deadline);
  if (result > 0 && !has_left(operation.channel(), state)) {
    state.is_dry = operation.has_exhausted(result);
    state.lone_count = result == 1 ? state.lone_count + 1 : 0;
    if (state.is_dry) state.retry.consider(result);
  }
  return result;
}

int UringLoop::attempt_again(ReceiveDatagrams& operation, State& state) {
  spend_budget();
  if (has_left(operation.channel(), state)) return -kCancelEnd;
  const int result = operation.attempt();
  state.retry.note(result != -EAGAIN);
  return result;
}

/// Where datagrams arrive one by one, a submission saves a system call: the one that waits also
/// receives. Now and then it looks for more, because there may be a queue by now.
int UringLoop::receive_lone(ReceiveDatagrams& operation, State& state, Deadline deadline) {
  SubmittedWait wait(*this, operation.is_drainable());
  operation.prepare(ring_.next_entry(wait));
  const int result = operation.take_first(park_submitted(wait, operation, deadline));
  if (has_left(operation.channel(), state)) return result;
  if (result == -kDrainEnd) return operation.attempt_last(result);
  const bool is_check = result == 1 && state.lone_count % kLoneCheck == 0;
  return is_check ? result + operation.attempt_rest() : result;
}

int UringLoop::poll_and_park(Operation& operation, Deadline deadline) {
  SubmittedWait wait(*this, operation.is_drainable());
  wait.set_weight(weight_of(send_bytes_of(operation)));
  const unsigned events = operation.direction() == Direction::read ? POLLIN : POLLOUT;
  io_uring_prep_poll_add(&ring_.next_entry(wait), operation.channel().fd(), events);
  return park_submitted(wait, operation, deadline);
}

/// The state records what is in progress, because closing the channel must end it.
int UringLoop::park_submitted(SubmittedWait& wait, Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  SubmittedWait*& place = state.submitted[operation.direction() == Direction::read ? 0 : 1];
  occupy(place, wait);
  const int result = park(wait, deadline);
  if (has_left(operation.channel(), state)) return result;
  place = nullptr;
  state.is_cut |= wait.is_cut();
  return result;
}

int UringLoop::accept(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  state.is_listener = true;
  if (!state.accepted_fds) state.accepted_fds = std::make_unique<std::vector<int>>();
  const bool may_run_ahead = static_cast<const Accept&>(operation).may_run_ahead();
  for (;;) {
    if (state.has_accepted()) {
      spend_accept_budget();
      if (has_left(operation.channel(), state)) return -kCancelEnd;
      const int fd = state.accepted_fds->front();
      state.accepted_fds->erase(state.accepted_fds->begin());
      return fd;
    }
    if (state.end <= 0) return std::exchange(state.end, 1);
    if (is_draining() && !state.is_armed) return operation.attempt_last(-kDrainEnd);
    if (!may_run_ahead && !state.is_armed) return attempt_or_poll(operation, deadline);
    if (!may_run_ahead) stop_multishot(state);
    if (!is_draining() && !state.is_armed) arm_accept(state);
    const int waited = wait_for_queue(operation.channel(), state, deadline);
    if (waited < 0) return waited;
  }
}

void UringLoop::arm_accept(State& state) {
  io_uring_prep_multishot_accept(&ring_.next_entry(state), state.channel->fd(), nullptr, nullptr,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
  state.is_armed = true;
}

void UringLoop::accepted(State& state, int result, unsigned flags) {
  UniqueFd accepted(above_standard(result));
  if (!accepted && result != -ECANCELED) state.end = result < 0 ? result : -errno;
  if (accepted && state.channel != nullptr) {
    if (try_append(*state.accepted_fds, accepted.get())) {
      accepted.release();
      if (state.accepted_fds->size() >= kUnacceptedMax) stop_multishot(state);
    } else {
      state.end = -ENOMEM;
    }
  }
  if (accepted) refuse(std::move(accepted));
  settle(state, flags);
}

/// Nothing will accept this caller. It sees a reset, as the callers in the backlog do.
void UringLoop::refuse(UniqueFd caller) { set_end_on_close(caller.get(), EndOnClose::reset); }

void UringLoop::stop_multishot(State& state) {
  if (!state.is_armed || state.is_stopping) return;
  state.is_stopping = true;
  ring_.cancel(state);
}

UringLoop::State& UringLoop::attached_state(Channel& channel) {
  if (ChannelState* known = state_of(channel)) return static_cast<State&>(*known);
  auto* state = new State(*this);
  attach(channel, *state);
  return *state;
}

void UringLoop::turn(Deadline until) {
  buffer_ring_.top_up();
  feed_starved();
  // A stream that receives without the ring is woken at once, and no completion reports that.
  if (has_ready()) until = Deadline::at(now());
  ring_.submit_and_wait(now(), shortage_.bound(until, now()));
  hand_out();
}

void UringLoop::catch_up() {
  unsigned count = 0;
  do {
    buffer_ring_.top_up();
    feed_starved();
    ring_.submit_and_catch_up();
    count = hand_out();
    // A receive that found no buffer has found bytes, so it gets a buffer as long as there are any.
  } while (count == Ring::kCompletionEntries || (count > 0 && shortage_.is_felt_by_light()));
}

/// Returns how many completions there were.
unsigned UringLoop::hand_out() {
  const unsigned count = ring_.reap();
  // After all completions, because a letter may close a channel that a later completion is about.
  if (mailbox_watch_.take_notice()) read_mailbox();
  return count;
}

void UringLoop::withdraw(Channel& channel) {
  auto* state = static_cast<State*>(state_of(channel));
  if (state == nullptr) return;
  stop_multishot(*state);
  if (fiber() == nullptr) {
    turn_until([state] { return !state->is_armed; });
  } else {
    while (state->is_armed) yield();
  }
  shortage_.remove(*state);
  if (!channel.carried) channel.carried = std::make_unique<Channel::Carried>();
  channel.carried->reserve(state->queued_count, state->accepted().size());
  while (state->first != BufferPool::kNone) {
    Buffer own(queued_[state->first].filled);
    const Buffer buffer = dequeue(*state);
    std::copy_n(buffer.memory().begin(), buffer.filled(), own.memory().begin());
    own.set_filled(buffer.filled());
    channel.carried->buffers.push_back(std::move(own));
  }
  for (const int fd : state->accepted()) channel.carried->descriptors.emplace_back(fd);
  if (state->end <= 0) channel.carried->end = state->end;
  detach(*state);
  delete state;
}

void UringLoop::abandon(Channel& channel) {
  auto* state = static_cast<State*>(state_of(channel));
  if (state == nullptr) return;
  stop_multishot(*state);
  if (state->waiter != nullptr) {
    EventLoop::complete(*std::exchange(state->waiter, nullptr), -kCancelEnd);
  }
  bool has_entries = state->is_armed;
  for (SubmittedWait* wait : state->submitted) {
    if (wait == nullptr) continue;
    wait->interrupt(kCancelEnd);
    has_entries = true;
  }
  // The entries name the descriptor by its number, which may be reused once it is closed.
  if (has_entries) ring_.flush();
  // Only now, because the flush may bring completions.
  shortage_.remove(*state);
  while (state->first != BufferPool::kNone) dequeue(*state);
  for (const int fd : state->accepted()) refuse(UniqueFd(fd));
  detach(*state);
  if (!state->is_armed) {
    delete state;
    return;
  }
  ++orphan_count_;
}

}  // namespace hotline::engine
