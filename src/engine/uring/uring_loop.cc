#include "engine/uring/uring_loop.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/above_standard.h"
#include "engine/longest_blocked.h"
#include "engine/operations/accept.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "engine/uring/try_append.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kDefaultBufferBytes = 16 * 1024;

// Bounds of what one descriptor may queue while nobody asks: then its multishot is cancelled.
constexpr std::size_t kUnreadBytesMax = 64 * 1024;
constexpr std::size_t kUnacceptedMax = 16;

BufferPool::Options pool_options(const LoopOptions& options) {
  const std::size_t bytes =
      options.receive_buffer_bytes == 0 ? kDefaultBufferBytes : options.receive_buffer_bytes;
  // Buffer ids have 16 bits.
  return {bytes, std::min(options.receive_memory_max, bytes * 65535)};
}

bool has_more(unsigned flags) { return (flags & IORING_CQE_F_MORE) != 0; }

std::size_t send_bytes_of(const Operation& operation) {
  if (operation.kind() != Operation::Kind::send) return 0;
  return static_cast<const Send&>(operation).bytes().size();
}

}  // namespace

/// Completes a wait with what the kernel says, also when something else wanted it to end earlier: a
/// result that has come is never thrown away.
class UringLoop::SubmittedWait final : public Wait, public Completion {
 public:
  SubmittedWait(UringLoop& loop, bool is_drainable) : loop_(loop), is_drainable_(is_drainable) {}

  void interrupt(int end_code) noexcept override {
    if (end_code_ == 0) loop_.ring_.cancel(*this);
    end_code_ = std::max(end_code_, end_code);
  }
  bool is_drainable() const noexcept override { return is_drainable_; }

  /// Whether the stream must not write again, though a part of this write may have gone.
  bool is_cut() const { return end_code_ == kShortageEnd; }

  void complete(int result, unsigned) noexcept override {
    const bool was_cancelled = end_code_ != 0 && (result == -ECANCELED || result == -EINTR);
    loop_.EventLoop::complete(*this, was_cancelled ? -end_code_ : result);
  }

 private:
  UringLoop& loop_;
  bool is_drainable_;
  int end_code_ = 0;
};

/// The multishot of one descriptor and what it has brought. Outlives its channel until the terminal
/// completion.
struct UringLoop::State final : ChannelState, Completion {
  explicit State(UringLoop& owner) : loop(owner) {}

  void complete(int result, unsigned flags) noexcept override {
    if (is_listener) {
      loop.accepted(*this, result, flags);
    } else {
      loop.received(*this, result, flags);
    }
  }
  bool is_empty() const { return first == BufferPool::kNone && !has_accepted(); }
  std::span<const int> accepted() const {
    return accepted_fds ? std::span<const int>(*accepted_fds) : std::span<const int>();
  }
  bool has_accepted() const { return !accepted().empty(); }
  void wake(UringLoop& owner) {
    if (waiter == nullptr) return;
    waiter->set_weight(weight);
    owner.EventLoop::complete(*std::exchange(waiter, nullptr), 0);
  }

  UringLoop& loop;
  Wait* waiter = nullptr;
  std::array<SubmittedWait*, 2> submitted{};  ///< Read and write side, besides the multishot.
  std::uint32_t first = BufferPool::kNone;
  std::uint32_t last = BufferPool::kNone;
  std::uint32_t queued_count = 0;
  int end = 1;  ///< How receiving ended: 0 or a negated errno; 1: it goes on.
  bool is_listener = false;
  bool is_armed = false;
  bool is_stopping = false;
  bool is_dry = false;  ///< The last attempt emptied it: poll before the next.
  bool is_cut = false;  ///< By relieve_shortage: it writes no more.
  bool is_direct =
      false;  ///< The peer sends more than is taken: receive only when asked, without a multishot.
  std::unique_ptr<std::vector<int>> accepted_fds;  ///< Of a listener.
};

UringLoop::UringLoop(const LoopOptions& options)
    : EventLoop(options),
      buffers_(pool_options(options)),
      buffer_ring_(ring_.raw(), buffers_, options.hot_buffers),
      queued_(buffers_.count_max()),
      mailbox_watch_(ring_, mailbox()->fd()) {
  mailbox_watch_.arm();
}

UringLoop::~UringLoop() {
  release_channels();
  mailbox_watch_.disarm();
  turn_until([this] { return orphan_count_ == 0 && !mailbox_watch_.is_armed(); });
}

int UringLoop::interpret(Operation& operation, Deadline deadline) {
  if (const int ended = check_scope(); ended < 0) return ended;
  switch (operation.kind()) {
    case Operation::Kind::receive: return receive(operation, deadline);
    case Operation::Kind::accept: return accept(operation, deadline);
    default: break;
  }
  return operation.is_submitted() ? submit_and_park(operation, deadline)
                                  : attempt_or_poll(operation, deadline);
}

int UringLoop::submit_and_park(Operation& operation, Deadline deadline) {
  const std::size_t bytes = send_bytes_of(operation);
  SubmittedWait wait(*this, operation.is_drainable());
  wait.set_weight(weight_of(bytes));
  // Before the kernel has the entry: afterwards nothing may throw.
  const State& state = attached_state(operation.channel());
  if (state.is_cut) return -kShortageEnd;
  operation.prepare(ring_.next_entry(wait));
  ring_.note_send(bytes);
  return park_submitted(wait, operation, deadline);
}

int UringLoop::attempt_or_poll(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  const bool is_read = operation.direction() == Direction::read;
  // Who would not wait at all is owed a try.
  if (is_read && state.is_dry && is_due(deadline)) state.is_dry = false;
  for (;;) {
    if (!is_read || !state.is_dry) {
      spend_budget();
      if (has_left(operation.channel(), state)) return -kCancelEnd;
      const int result = operation.attempt();
      if (result != -EAGAIN) {
        if (is_read) state.is_dry = operation.has_exhausted(result);
        return result;
      }
      if (is_due(deadline)) return -kDeadlineEnd;
    }
    const int polled = poll_and_park(operation, deadline);
    if (has_left(operation.channel(), state)) return -kCancelEnd;
    if (polled == -kDrainEnd) return operation.attempt_last(polled);
    if (polled < 0) return polled;
    state.is_dry = false;
  }
}

int UringLoop::poll_and_park(Operation& operation, Deadline deadline) {
  SubmittedWait wait(*this, operation.is_drainable());
  const unsigned events = operation.direction() == Direction::read ? POLLIN : POLLOUT;
  io_uring_prep_poll_add(&ring_.next_entry(wait), operation.channel().fd(), events);
  return park_submitted(wait, operation, deadline);
}

/// The state knows what is under way, for closing the channel must end it.
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

int UringLoop::receive(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  for (;;) {
    if (state.first != BufferPool::kNone) {
      return static_cast<Receive&>(operation).take(dequeue(state));
    }
    if (state.end == -ENOBUFS) return std::exchange(state.end, 1);
    if (state.end <= 0) return state.end;
    if (is_draining() && !state.is_armed) return operation.attempt_last(-kDrainEnd);
    if (state.is_direct && !state.is_armed && !state.is_starved) {
      const int result = receive_directly(operation, state, deadline);
      if (result != -EAGAIN) return result;
    }
    if (!is_draining() && !state.is_armed && !state.is_starved) arm_receive(state);
    const int waited = wait_for_queue(operation.channel(), state, deadline);
    if (waited < 0) return waited;
  }
}

/// Tries without the kernel's ring, in the fiber's own share of the turn. -EAGAIN: nothing is there
/// or no buffer may be had, and the state is as before a first receive, or starved.
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

/// Waits until the multishot has queued something or has ended. A drain is not an end yet:
/// something may have come that is not queued, so the multishot is stopped, and a last attempt
/// tells.
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
  const bool is_idle = !state.is_armed && !state.is_starved;
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
    // One buffer at a time: a multishot takes many before it can be stopped.
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

/// After a completion of a multishot: what its terminal one means, and whoever waits.
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
  // Without a queue a waiter has nothing to do, except re-arm or report the end.
  if (!state.is_starved || !state.is_empty()) state.wake(*this);
}

/// ENOBUFS is flow control: the bytes stay in the socket until there is a buffer for them.
void UringLoop::starve(State& state) {
  state.is_direct |= state.weight == Weight::bulk;
  starved_queue_of(state).push(state);
}

/// No more of them than there are buffers: the others would ask in vain, each turn anew.
void UringLoop::feed_starved() {
  const auto feed_some = [this](StarvedQueue& starved, std::size_t count) {
    for (; count > 0 && !starved.is_empty(); --count) feed(static_cast<State&>(starved.pop()));
  };
  if (is_anyone_starved()) relieve_shortage();
  feed_some(starved_, buffer_ring_.held());
  feed_some(starved_bulk_, buffers_.above_reserve());
}

void UringLoop::feed(State& state) {
  if (state.waiter == nullptr) return;
  if (state.is_direct) return state.wake(*this);
  if (!state.is_armed) arm_receive(state);
}

/// Cuts the streams whose peers have taken nothing for longest and which hold buffers meanwhile,
/// rather than let those wait without end that have none.
void UringLoop::relieve_shortage() {
  if (buffers_.above_reserve() > 0 || now() < next_relief_) return;
  next_relief_ = now() + LongestBlocked::kPause;
  LongestBlocked blocked(now());
  for (ChannelState* each = attached(); each != nullptr; each = each->next) {
    State& state = static_cast<State&>(*each);
    const bool holds_buffers = state.channel->lease.is_pooled() || state.queued_count > 0;
    if (state.submitted[1] != nullptr && holds_buffers) blocked.consider(*state.submitted[1]);
  }
  for (Wait* wait : blocked.found()) wait->interrupt(kShortageEnd);
}

int UringLoop::accept(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  state.is_listener = true;
  if (!state.accepted_fds) state.accepted_fds = std::make_unique<std::vector<int>>();
  const bool may_run_ahead = static_cast<const Accept&>(operation).may_run_ahead();
  for (;;) {
    if (state.has_accepted()) {
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
  settle(state, flags);
}

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
  if (is_anyone_starved()) {
    until = Deadline::earliest(until, Deadline::after(now(), LongestBlocked::kPause));
  }
  ring_.submit_and_wait(now(), until);
  hand_out();
}

void UringLoop::catch_up() {
  unsigned count = 0;
  do {
    buffer_ring_.top_up();
    feed_starved();
    ring_.submit_and_catch_up();
    count = hand_out();
    // A receive that found no buffer has found bytes: it gets one for as long as there are any.
  } while (count == Ring::kCompletionEntries || (count > 0 && !starved_.is_empty()));
}

/// How many completions there were.
unsigned UringLoop::hand_out() {
  const unsigned count = ring_.reap();
  // Not amid the completions: a letter may close what others of them are about.
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
  if (state->is_starved) starved_queue_of(*state).remove(*state);
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
  // They name the descriptor by its number, which somebody else may have once it is closed.
  if (has_entries) ring_.flush();
  // Only now, for flushing may bring completions.
  if (state->is_starved) starved_queue_of(*state).remove(*state);
  while (state->first != BufferPool::kNone) dequeue(*state);
  for (const int fd : state->accepted()) UniqueFd(fd).reset();
  detach(*state);
  if (!state->is_armed) {
    delete state;
    return;
  }
  ++orphan_count_;
}

}  // namespace hotline::engine
