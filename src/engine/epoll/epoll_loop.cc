#include "engine/epoll/epoll_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/above_standard.h"
#include "engine/longest_blocked.h"
#include "engine/operations/receive.h"
#include "engine/poll_timeout.h"
#include "engine/retry_guess.h"

namespace hotline::engine {
namespace {

constexpr int kEventsInTurn = 256;

// Ready descriptors are reported in the order in which they became ready. More looks than this
// would only find those that are always ready again.
constexpr int kLooksMax = 1024;

// Large transfers need large reads (see buffer sizes in docs/architecture.md). The part of a buffer
// that is not used is never touched.
constexpr std::size_t kDefaultBufferBytes = 64 * 1024;

constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kWriteEvents = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kEndEvents = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// The events for which descriptors are registered.
constexpr std::uint32_t kStreamEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

std::uint32_t events_of(const Operation& operation) {
  switch (operation.kind()) {
    // A listener that several loops share must wake one of them, not all.
    case Operation::Kind::accept: return EPOLLIN | EPOLLEXCLUSIVE | EPOLLET;
    // The kernel reports room after each datagram that has left, and few sends wait for it.
    case Operation::Kind::receive_datagrams: return EPOLLIN | EPOLLRDHUP | EPOLLET;
    default: return kStreamEvents;
  }
}

}  // namespace

/// One direction of a descriptor. It is ready until an attempt shows otherwise.
struct EpollLoop::Side {
  bool is_ready = true;
  Wait* waiter = nullptr;
};

struct EpollLoop::State final : ChannelState {
  Side& side(Direction direction) { return direction == Direction::read ? read : write; }

  Side read;
  Side write;
  std::uint32_t registered = 0;  ///< The events that epoll reports; 0 before the first wait.
  RetryGuess retry;              ///< For datagrams.
  bool has_ended = false;        ///< An end or error was reported; no further edge comes.
};

EpollLoop::EpollLoop(const LoopOptions& options)
    : EventLoop(options),
      epoll_(above_standard(::epoll_create1(EPOLL_CLOEXEC))),
      buffers_({options.receive_buffer_bytes.value_or(kDefaultBufferBytes),
                options.receive_memory_max}) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, mailbox()->fd(), &event) < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

EpollLoop::~EpollLoop() { release_channels(); }

int EpollLoop::interpret(Operation& operation, Deadline deadline) {
  if (const int ended = check_scope(); ended < 0) return ended;
  State& state = attached_state(operation.channel());
  Side& side = state.side(operation.direction());
  // If the deadline has already passed, still try once.
  side.is_ready = side.is_ready || is_due(deadline);
  const bool is_datagrams = operation.kind() == Operation::Kind::receive_datagrams;
  bool is_retry = is_datagrams && state.retry.take();
  side.is_ready = side.is_ready || is_retry;
  for (;;) {
    if (side.is_ready) {
      const bool is_accept = operation.kind() == Operation::Kind::accept;
      is_accept ? spend_accept_budget() : spend_budget();
      if (has_left(operation.channel(), state)) return -kCancelEnd;
      const int result = try_operation(state, operation);
      if (std::exchange(is_retry, false)) state.retry.note(result != -EAGAIN);
      const bool is_starved =
          result == -ENOBUFS && operation.kind() == Operation::Kind::receive && buffers_.has_any();
      if (is_starved) {
        shortage_.add(state);
        if (is_due(deadline)) return -kDeadlineEnd;
        const int waited = wait_on(side, operation, state, deadline);
        if (waited == -kDrainEnd || waited == -kDeadlineEnd) {
          return try_last(state, operation, waited);
        }
        if (waited < 0) return waited;
        continue;
      }
      if (result != -EAGAIN) {
        const bool is_exhausted = operation.has_exhausted(result) && !state.has_ended;
        if (is_exhausted) side.is_ready = false;
        if (is_exhausted && is_datagrams) state.retry.consider(result);
        return result;
      }
      side.is_ready = false;
      // A datagram socket has no end: what was reported has been taken, and the next event comes.
      if (is_datagrams) state.has_ended = false;
      if (is_due(deadline)) return -kDeadlineEnd;
    }
    const int failed = register_for(state, operation.channel(), events_of(operation));
    if (failed < 0) return failed;
    const int waited = wait_on(side, operation, state, deadline);
    if (waited == -kDrainEnd) return try_last(state, operation, waited);
    if (waited < 0) return waited;
  }
}

int EpollLoop::try_operation(State& state, Operation& operation) {
  const bool is_receive = operation.kind() == Operation::Kind::receive;
  if (is_receive && !may_receive(state, static_cast<Receive&>(operation))) return -ENOBUFS;
  const int result = operation.attempt();
  note_result(state, operation, result);
  return result;
}

/// Returns true if the receive may be attempted. When buffers are short, a stream that carries much
/// data waits for one, and a stream that carries little uses small memory of its own, so that
/// streams which hold buffers cannot delay it.
bool EpollLoop::may_receive(State& state, Receive& receive) {
  if (!receive.into().empty()) {
    shortage_.remove(state);
    return true;
  }
  receive.use_pooled_buffer();
  if (buffers_.above_reserve() > 0) return true;
  // For a new stream there are no earlier results to judge by.
  if (state.weight == Weight::light) state.weight = weight_of(receive.pending_bytes());
  if (state.weight == Weight::bulk) return false;
  receive.use_small_buffer();
  return true;
}

int EpollLoop::try_last(State& state, Operation& operation, int ended) {
  const int result = operation.attempt_last(ended);
  note_result(state, operation, result);
  return result;
}

void EpollLoop::note_result(State& state, const Operation& operation, int result) {
  // The result of an accept is a descriptor.
  if (result <= 0 || operation.kind() == Operation::Kind::accept) return;
  charge(result);
  if (operation.kind() != Operation::Kind::receive) return;
  shortage_.remove(state);
  state.weight = weight_of(static_cast<std::size_t>(result));
}

EpollLoop::State& EpollLoop::attached_state(Channel& channel) {
  if (ChannelState* known = state_of(channel)) return static_cast<State&>(*known);
  auto* state = new State;
  attach(channel, *state);
  return *state;
}

/// Registers the descriptor for `events`, and for those it is registered for already.
int EpollLoop::register_for(State& state, const Channel& channel, std::uint32_t events) {
  const bool is_listener = (state.registered & EPOLLEXCLUSIVE) != 0;  // Cannot be changed.
  if (is_listener || (state.registered & events) == events) return 0;
  const int change = state.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{.events = state.registered | events, .data = {.ptr = &state}};
  if (::epoll_ctl(epoll_.get(), change, channel.fd(), &event) < 0) return -errno;
  state.registered = event.events;
  return 0;
}

void EpollLoop::begin_watch(Channel& channel, ReadWatch& watch) {
  State& state = attached_state(channel);
  state.weight = std::max(state.weight, watch.weight());
  // The first event also reports what arrived before.
  if (state.registered == 0) state.read.is_ready = false;
  const int failed = register_for(state, channel, kStreamEvents);
  const bool is_worth_a_try = state.read.is_ready && !state.is_starved();
  if (is_worth_a_try || failed < 0) {
    complete(watch, failed);
  } else {
    occupy(state.read.waiter, watch);
  }
}

void EpollLoop::unwatch(Channel& channel) {
  if (auto* state = static_cast<State*>(state_of(channel))) state->read.waiter = nullptr;
}

/// Waits until the side may be tried again. Returns -kCancelEnd also if the channel has left in
/// between.
int EpollLoop::wait_on(Side& side, const Operation& operation, State& state, Deadline deadline) {
  PlainWait wait(*this, operation.on_drain());
  wait.set_weight(state.weight);
  occupy(side.waiter, wait);
  const int waited = park(wait, deadline);
  if (has_left(operation.channel(), state)) return -kCancelEnd;
  side.waiter = nullptr;
  return waited;
}

/// Returns true if a descriptor that waited for a buffer is ready now.
bool EpollLoop::feed_starved() {
  if (!shortage_.is_felt()) return false;
  cut_longest_blocked();
  return shortage_.feed(buffers_.free_count(), [this](ChannelState& each) {
    State& state = static_cast<State&>(each);
    if (state.read.waiter != nullptr) complete(*std::exchange(state.read.waiter, nullptr), 0);
  });
}

/// Cuts the streams that hold buffers and whose peers have read nothing for longest; otherwise the
/// streams without a buffer would wait without end.
void EpollLoop::cut_longest_blocked() {
  if (!shortage_.is_cut_due(now())) return;
  LongestBlocked blocked(now());
  for (ChannelState* each = attached(); each != nullptr; each = each->next) {
    State& state = static_cast<State&>(*each);
    const bool is_candidate = state.write.waiter != nullptr && state.channel->lease.is_pooled();
    if (is_candidate) blocked.consider(*state.write.waiter);
  }
  for (Wait* wait : blocked.found()) complete(*wait, -kShortageEnd);
}

void EpollLoop::turn(Deadline until) {
  if (feed_starved()) until = Deadline::at(now());
  collect(poll_timeout_ms(now(), shortage_.bound(until, now())));
}

void EpollLoop::catch_up() {
  feed_starved();
  for (int looks = 0; collect(0) == kEventsInTurn && looks < kLooksMax; ++looks) continue;
}

/// Dispatches the events that arrive within the timeout. Returns their number, at most
/// kEventsInTurn.
int EpollLoop::collect(int timeout) {
  std::array<epoll_event, kEventsInTurn> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsInTurn, timeout);
  bool has_letters = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      has_letters = true;
    } else {
      dispatch(*static_cast<State*>(event.data.ptr), event.events);
    }
  }
  // After all events, because a letter may close a channel that a later event is about.
  if (has_letters) read_mailbox();
  return count;
}

void EpollLoop::dispatch(State& state, std::uint32_t events) {
  if ((events & kEndEvents) != 0) state.has_ended = true;
  const auto wake = [&](Side& side, std::uint32_t mask) {
    if ((events & mask) == 0) return;
    side.is_ready = true;
    // A descriptor that waits for a buffer keeps its place in the queue.
    const bool waits_for_buffer = &side == &state.read && state.is_starved();
    if (side.waiter != nullptr && !waits_for_buffer) {
      complete(*std::exchange(side.waiter, nullptr), 0);
    }
  };
  wake(state.read, kReadEvents);
  wake(state.write, kWriteEvents);
}

void EpollLoop::withdraw(Channel& channel) {
  auto* state = static_cast<State*>(state_of(channel));
  if (state == nullptr) return;
  // Closing is not enough, because the registration lasts as long as any duplicate of the
  // descriptor.
  if (state->registered != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, channel.fd(), nullptr);
  for (const Side* side : {&state->read, &state->write}) {
    if (side->waiter != nullptr) complete(*side->waiter, -kCancelEnd);
  }
  shortage_.remove(*state);
  detach(*state);
  delete state;
}

}  // namespace hotline::engine
