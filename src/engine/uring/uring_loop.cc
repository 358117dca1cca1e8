#include "engine/uring/uring_loop.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/operations/receive.h"
#include "engine/operations/send.h"

namespace hotline::engine {
namespace {

constexpr unsigned kSubmissionEntries = 256;
constexpr unsigned kCompletionEntries = 4096;
constexpr std::size_t kDefaultBufferBytes = 16 * 1024;

// Bounds of what one descriptor may queue while nobody asks: then its multishot is cancelled.
constexpr std::size_t kUnreadBytesMax = 64 * 1024;
constexpr std::size_t kUnacceptedMax = 64;

// A reply is sent while it is still in the cache.
constexpr std::size_t kEagerSendBytes = 64 * 1024;

BufferPool::Options pool_options(const LoopOptions& options) {
  const std::size_t bytes =
      options.receive_buffer_bytes == 0 ? kDefaultBufferBytes : options.receive_buffer_bytes;
  // Buffer ids have 16 bits.
  return {bytes, std::min(options.receive_memory_max, bytes * 65535)};
}

bool has_more(unsigned flags) { return (flags & IORING_CQE_F_MORE) != 0; }

__kernel_timespec timespec_until(Instant now, Deadline until) {
  const auto left = until.instant() - now;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

std::size_t send_bytes_of(const Operation& operation) {
  if (operation.kind() != Operation::Kind::send) return 0;
  return static_cast<const Send&>(operation).bytes().size();
}

}  // namespace

int make_ring(io_uring& ring, RingFlags& accepted) {
  constexpr unsigned kBase = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  constexpr RingFlags kChoices[] = {
      {kBase | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
       "SINGLE_ISSUER|DEFER_TASKRUN"},
      {kBase | IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"},
      {IORING_SETUP_CQSIZE, "none"},
  };
  int failed = -EINVAL;
  for (const RingFlags& choice : kChoices) {
    io_uring_params params{};
    params.flags = choice.bits;
    params.cq_entries = kCompletionEntries;
    failed = io_uring_queue_init_params(kSubmissionEntries, &ring, &params);
    accepted = choice;
    if (failed != -EINVAL) break;
  }
  return failed;
}

UringLoop::RingOwner::RingOwner() {
  RingFlags accepted{};
  const int failed = make_ring(ring, accepted);
  if (failed < 0) throw std::system_error(-failed, std::generic_category(), "io_uring_setup");
  // Saves a descriptor look-up a turn; kernels before 5.18 do without.
  io_uring_register_ring_fd(&ring);
}

/// Completes a wait with what the kernel says, also when something else wanted it to end earlier: a result
/// that has come is never thrown away.
class UringLoop::SubmittedWait final : public Wait, public Completion {
 public:
  explicit SubmittedWait(UringLoop& loop) : loop_(loop) {}
  SubmittedWait(UringLoop& loop, bool is_drainable) : loop_(loop), is_drainable_(is_drainable) {}

  void interrupt(int end_code) noexcept override {
    if (end_code_ == 0) loop_.cancel(*this);
    end_code_ = end_code;
  }
  bool is_drainable() const noexcept override { return is_drainable_; }

  void complete(int result, unsigned) noexcept override {
    const bool was_cancelled = end_code_ != 0 && (result == -ECANCELED || result == -EINTR);
    loop_.EventLoop::complete(*this, was_cancelled ? -end_code_ : result);
  }

 private:
  UringLoop& loop_;
  bool is_drainable_ = false;
  int end_code_ = 0;
};

/// Waits for a multishot to queue something; ends at once when something else comes first, for what
/// arrives later stays in the queue.
class UringLoop::QueueWait final : public Wait {
 public:
  QueueWait(UringLoop& loop, bool is_drainable) : loop_(loop), is_drainable_(is_drainable) {}
  void interrupt(int end_code) noexcept override { loop_.complete(*this, -end_code); }
  bool is_drainable() const noexcept override { return is_drainable_; }

 private:
  UringLoop& loop_;
  bool is_drainable_;
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
  bool is_empty() const { return first == BufferPool::kNone && accepted_fds.empty(); }
  void wake(UringLoop& owner) {
    if (waiter != nullptr) owner.EventLoop::complete(*std::exchange(waiter, nullptr), 0);
  }

  UringLoop& loop;
  Wait* waiter = nullptr;
  std::uint32_t first = BufferPool::kNone;
  std::uint32_t last = BufferPool::kNone;
  std::uint32_t queued_count = 0;
  int end = 1;  ///< How receiving ended: 0 or a negated errno; 1: it goes on.
  bool is_listener = false;
  bool is_armed = false;
  bool is_stopping = false;
  bool is_starved = false;
  bool is_dry = false;  ///< The last attempt emptied it: poll before the next.
  std::vector<int> accepted_fds;
};

/// Tells the loop of letters from other threads.
class UringLoop::MailboxWatch final : public Completion {
 public:
  explicit MailboxWatch(UringLoop& loop) : loop_(loop) {}

  void arm() {
    io_uring_sqe& entry = loop_.next_entry();
    io_uring_prep_poll_multishot(&entry, loop_.mailbox()->fd(), POLLIN);
    io_uring_sqe_set_data(&entry, static_cast<Completion*>(this));
    is_armed_ = true;
  }
  void disarm() {
    if (is_armed_) loop_.cancel(*this);
    is_closing_ = true;
  }
  bool is_armed() const { return is_armed_; }

  void complete(int result, unsigned flags) noexcept override {
    is_armed_ = has_more(flags);
    if (is_closing_) return;
    if (result >= 0) loop_.read_mailbox();
    if (!is_armed_) arm();
  }

 private:
  UringLoop& loop_;
  bool is_armed_ = false;
  bool is_closing_ = false;
};

UringLoop::UringLoop(const LoopOptions& options)
    : EventLoop(options),
      buffers_(pool_options(options)),
      buffer_ring_(ring_, buffers_, options.hot_buffers),
      queued_(buffers_.count_max()),
      mailbox_watch_(std::make_unique<MailboxWatch>(*this)) {
  mailbox_watch_->arm();
}

UringLoop::~UringLoop() {
  while (ChannelState* state = attached()) state->channel->withdraw();
  mailbox_watch_->disarm();
  turn_until([this] { return orphan_count_ == 0 && !mailbox_watch_->is_armed(); });
}

int UringLoop::perform(Operation& operation, Deadline deadline) {
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
  io_uring_sqe& entry = next_entry();
  operation.prepare(entry);
  SubmittedWait wait(*this);
  io_uring_sqe_set_data(&entry, static_cast<Completion*>(&wait));
  unsubmitted_send_bytes_ += send_bytes_of(operation);
  if (unsubmitted_send_bytes_ >= kEagerSendBytes) submit();
  return park(wait, deadline);
}

int UringLoop::attempt_or_poll(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  const bool is_read = operation.direction() == Direction::read;
  for (;;) {
    if (!is_read || !state.is_dry) {
      spend_budget();
      const int result = operation.attempt();
      if (result != -EAGAIN) {
        if (is_read) state.is_dry = operation.has_exhausted(result);
        return result;
      }
    }
    const int polled = poll_and_park(operation, deadline);
    if (polled < 0) return polled;
    state.is_dry = false;
  }
}

int UringLoop::poll_and_park(Operation& operation, Deadline deadline) {
  SubmittedWait wait(*this, operation.is_drainable());
  io_uring_sqe& entry = next_entry();
  const unsigned events = operation.direction() == Direction::read ? POLLIN : POLLOUT;
  io_uring_prep_poll_add(&entry, operation.channel().fd(), events);
  io_uring_sqe_set_data(&entry, static_cast<Completion*>(&wait));
  return park(wait, deadline);
}

int UringLoop::receive(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  for (;;) {
    if (state.first != BufferPool::kNone) return deliver(state, operation);
    if (state.end <= 0) return state.end;
    if (is_draining() && !state.is_armed) return attempt_last(operation);
    if (!is_draining() && !state.is_armed && !state.is_starved) arm_receive(state);
    const int waited = wait_for_queue(state, deadline);
    if (waited < 0) return waited;
  }
}

/// Waits until the multishot has queued something or has ended. A drain is not an end yet: something may
/// have come that is not queued, so the multishot is stopped, and a last attempt tells.
int UringLoop::wait_for_queue(State& state, Deadline deadline) {
  if (is_draining()) stop_multishot(state);
  QueueWait wait(*this, !is_draining());
  state.waiter = &wait;
  const int waited = park(wait, deadline);
  state.waiter = nullptr;
  return waited == -kDrainEnd ? 0 : waited;
}

int UringLoop::attempt_last(Operation& operation) {
  const int result = operation.attempt();
  return result == -EAGAIN ? -kDrainEnd : result;
}

int UringLoop::deliver(State& state, Operation& operation) {
  auto& receive = static_cast<Receive&>(operation);
  Buffer buffer = dequeue(state);
  const MutableBytes bytes = buffer.memory().first(buffer.filled());
  if (receive.into().empty()) {
    receive.buffer = std::move(buffer);
    return static_cast<int>(bytes.size());
  }
  const std::size_t taken = std::min(bytes.size(), receive.into().size());
  std::copy_n(bytes.begin(), taken, receive.into().begin());
  operation.channel().unread = bytes.subspan(taken);
  if (taken < bytes.size()) operation.channel().lease = std::move(buffer);
  return static_cast<int>(taken);
}

void UringLoop::arm_receive(State& state) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_recv_multishot(&entry, state.channel->fd(), nullptr, 0, 0);
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = BufferRing::kGroup;
  io_uring_sqe_set_data(&entry, static_cast<Completion*>(&state));
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
  if (result == -ENOBUFS && state.channel != nullptr) {
    state.is_starved = true;
    starved_.push_back(&state);
  } else if (result <= 0 && result != -ECANCELED && result != -ENOBUFS) {
    state.end = result;
  }
  settle(state, flags);
}

void UringLoop::enqueue(State& state, std::uint32_t index, std::uint32_t filled) {
  queued_[index] = {BufferPool::kNone, filled};
  (state.first == BufferPool::kNone ? state.first : queued_[state.last].next) = index;
  state.last = index;
  ++state.queued_count;
  if (state.queued_count * buffers_.buffer_bytes() > kUnreadBytesMax) stop_multishot(state);
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

/// ENOBUFS is flow control: receiving goes on when half of the hot buffers are back.
void UringLoop::rearm_starved() {
  if (starved_.empty()) return;
  const std::size_t wanted = std::max<std::size_t>(1, std::min<std::size_t>(
      buffer_ring_.hot(), buffers_.count_max()) / 2);
  if (buffer_ring_.held() < wanted) return;
  for (State* state : std::exchange(starved_, {})) {
    state->is_starved = false;
    if (state->waiter != nullptr && !state->is_armed) arm_receive(*state);
  }
}

int UringLoop::accept(Operation& operation, Deadline deadline) {
  State& state = attached_state(operation.channel());
  state.is_listener = true;
  for (;;) {
    if (!state.accepted_fds.empty()) {
      const int fd = state.accepted_fds.front();
      state.accepted_fds.erase(state.accepted_fds.begin());
      return fd;
    }
    if (state.end <= 0) return std::exchange(state.end, 1);
    if (is_draining() && !state.is_armed) return attempt_last(operation);
    if (!is_draining() && !state.is_armed) arm_accept(state);
    const int waited = wait_for_queue(state, deadline);
    if (waited < 0) return waited;
  }
}

void UringLoop::arm_accept(State& state) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_multishot_accept(&entry, state.channel->fd(), nullptr, nullptr,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
  io_uring_sqe_set_data(&entry, static_cast<Completion*>(&state));
  state.is_armed = true;
}

void UringLoop::accepted(State& state, int result, unsigned flags) {
  if (result >= 0 && state.channel == nullptr) {
    UniqueFd(result).reset();
  } else if (result >= 0) {
    state.accepted_fds.push_back(result);
    if (state.accepted_fds.size() >= kUnacceptedMax) stop_multishot(state);
  } else if (result != -ECANCELED) {
    state.end = result;
  }
  settle(state, flags);
}

void UringLoop::stop_multishot(State& state) {
  if (!state.is_armed || state.is_stopping) return;
  state.is_stopping = true;
  cancel(state);
}

void UringLoop::cancel(Completion& target) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_cancel(&entry, &target, 0);
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data(&entry, nullptr);
}

UringLoop::State& UringLoop::attached_state(Channel& channel) {
  if (ChannelState* known = state_of(channel)) return static_cast<State&>(*known);
  auto* state = new State(*this);
  attach(channel, *state);
  return *state;
}

io_uring_sqe& UringLoop::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    submit();
    entry = io_uring_get_sqe(&ring_);
  }
  return *entry;
}

void UringLoop::submit() {
  // Errors (EBUSY, EAGAIN: no memory just now) leave the entries where they are for the next turn.
  io_uring_submit(&ring_);
  unsubmitted_send_bytes_ = 0;
}

void UringLoop::turn(Deadline until) {
  buffer_ring_.top_up();
  rearm_starved();
  unsubmitted_send_bytes_ = 0;
  if (until.has_passed(now())) {
    io_uring_submit_and_get_events(&ring_);
  } else if (until.is_never()) {
    io_uring_submit_and_wait(&ring_, 1);
  } else {
    io_uring_cqe* unused = nullptr;
    __kernel_timespec left = timespec_until(now(), until);
    io_uring_submit_and_wait_timeout(&ring_, &unused, 1, &left, nullptr);
  }
  reap();
}

void UringLoop::reap() {
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&ring_, head, entry) {
    ++count;
    auto* completion = static_cast<Completion*>(io_uring_cqe_get_data(entry));
    if (completion != nullptr) completion->complete(entry->res, entry->flags);
  }
  io_uring_cq_advance(&ring_, count);
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
  std::erase(starved_, state);
  if (!channel.carried) channel.carried = std::make_unique<Channel::Carried>();
  while (state->first != BufferPool::kNone) {
    const Buffer buffer = dequeue(*state);
    Buffer own(buffer.filled());
    std::copy_n(buffer.memory().begin(), buffer.filled(), own.memory().begin());
    own.set_filled(buffer.filled());
    channel.carried->buffers.push_back(std::move(own));
  }
  for (const int fd : state->accepted_fds) channel.carried->descriptors.emplace_back(fd);
  channel.carried->end = state->end;
  detach(*state);
  delete state;
}

void UringLoop::abandon(Channel& channel) {
  auto* state = static_cast<State*>(state_of(channel));
  if (state == nullptr) return;
  std::erase(starved_, state);
  while (state->first != BufferPool::kNone) dequeue(*state);
  for (const int fd : state->accepted_fds) UniqueFd(fd).reset();
  stop_multishot(*state);
  detach(*state);
  if (!state->is_armed) {
    delete state;
    return;
  }
  ++orphan_count_;
}

}  // namespace hotline::engine
