#include "engine/simulated/stream_node.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotline::engine {
namespace {

// tcp_syn_retries: 1, 2, 4 … seconds, 127 in total. tcp(7).
constexpr int kKnocksMax = 7;
constexpr Duration kKnockPauseFirst = std::chrono::seconds(1);
constexpr Duration kConnectTimeout = std::chrono::seconds(127);
constexpr Duration kStallMax = std::chrono::minutes(5);

}  // namespace

int StreamNode::type() const { return SOCK_STREAM; }

bool StreamNode::is_ready(Direction direction) const {
  if (error_ != 0) return true;
  switch (state_) {
    case State::listening: return direction == Direction::read && !callers_.empty();
    case State::connecting: return false;
    case State::connected: break;
    default: return true;
  }
  if (direction == Direction::read) return inbox_.size() > inbox_taken_ || has_end_;
  return is_broken_ || has_ended_writes_ ||
         unread_by_peer_ < network_.options().stream_window_bytes;
}

int StreamNode::listen(int backlog) {
  if (state_ != State::fresh && state_ != State::listening) return -EINVAL;
  if (!is_bound && family == AF_UNIX) return -EINVAL;
  if (!is_bound) {
    const Site any{.ip = family == AF_INET ? ipv4(0, 0, 0, 0) : Ip{}, .port = 0, .name = {}};
    if (const int bound = network_.bind(*this, any); bound < 0) return bound;
  }
  state_ = State::listening;
  // With SO_REUSEADDR, another socket with the same address may be listening already.
  if (family != AF_UNIX && network_.is_taken(*this, local)) {
    state_ = State::fresh;
    return -EADDRINUSE;
  }
  backlog_ = static_cast<std::size_t>(std::max(0, backlog));
  return 0;
}

int StreamNode::connect(const Site& wanted) {
  if (state_ == State::connecting) return -EAGAIN;
  if (error_ != 0) return -take_error();
  if (state_ == State::connected) return 0;
  if (state_ != State::fresh) return -EINVAL;
  if (family == AF_UNIX) return connect_unix(wanted);
  const Site target = wanted.to_talk_to();
  if (const int bound = network_.bind_for(*this, target); bound < 0) return bound;
  if (network_.host_at(target.ip, host()) == nullptr) return -EHOSTUNREACH;
  peer = target;
  state_ = State::connecting;
  gives_up_ = network_.universe().now + kConnectTimeout;
  knock(target, 0);
  return -EAGAIN;
}

int StreamNode::connect_unix(const Site& target) {
  const bool is_path = !target.name.empty() && target.name.front() != '\0';
  if (is_path && !host().paths.contains(target.name)) return -ENOENT;
  StreamNode* listener = network_.find_listener(host(), target);
  if (listener == nullptr) {
    return network_.is_bound_as_other(host(), target, SOCK_STREAM) ? -EPROTOTYPE : -ECONNREFUSED;
  }
  if (listener->is_full()) return -EBUSY;
  peer = target;
  remote_ = listener->admit(*this);
  settle(0);
  return 0;
}

/// Makes one attempt to reach `target`, as a SYN does.
void StreamNode::knock(const Site& target, int attempt) {
  Universe& universe = network_.universe();
  SimulatedHost& there = *network_.host_at(target.ip, host());
  peer_host_ = &there;
  const Instant arrives = network_.arrival(host(), there);
  const bool is_lost = attempt == kKnocksMax || arrives >= gives_up_ ||
                       (!is_local() && universe.strikes(Fault::connect_timeout, host().name));
  if (is_lost) {
    universe.events.plan(std::max(gives_up_, universe.now), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->state_ == State::connecting) self->settle(ETIMEDOUT);
    });
    return;
  }
  universe.events.plan(arrives, [weak = weak_from_this(), target, attempt] {
    const auto self = weak.lock();
    if (self && self->state_ == State::connecting) self->answer(target, attempt);
  });
}

/// Handles an attempt that has arrived at the host of `target`.
void StreamNode::answer(const Site& target, int attempt) {
  Universe& universe = network_.universe();
  StreamNode* listener = network_.find_listener(*peer_host_, target);
  const bool is_refused = !is_local() && universe.strikes(Fault::connect_refused, host().name);
  if (listener != nullptr && !is_refused && listener->is_full()) {
    universe.after(kKnockPauseFirst * (1 << attempt), [weak = weak_from_this(), target, attempt] {
      const auto self = weak.lock();
      if (self && self->state_ == State::connecting) self->knock(target, attempt + 1);
    });
    return;
  }
  const Instant arrival = network_.arrival(*peer_host_, host());
  int error = ECONNREFUSED;
  std::shared_ptr<StreamNode> made;
  if (listener != nullptr && !is_refused) {
    error = 0;
    made = listener->admit(*this);
    // Nothing that it sends arrives before the answer itself.
    made->last_arrival_ = arrival;
    remote_ = made;
  }
  const auto settle_caller = [weak = weak_from_this(), other = std::weak_ptr(made), error] {
    const auto self = weak.lock();
    const auto accepted = other.lock();
    if (self && self->state_ == State::connecting) return self->settle(error);
    if (accepted) accepted->deliver_reset(ECONNRESET);
  };
  universe.events.plan(arrival, settle_caller);
}

/// Makes the other side of the connection of `caller`, and queues it at this listener.
std::shared_ptr<StreamNode> StreamNode::admit(StreamNode& caller) {
  auto made = std::make_shared<StreamNode>(network_, host(), family);
  made->local = caller.peer;
  made->peer = caller.local;
  made->has_peer = true;
  made->remote_ = caller.weak_from_this();
  made->peer_host_ = &caller.host();
  made->state_ = State::connected;
  if (family != AF_UNIX) made->inherit_options(*this);
  callers_.push_back(made);
  notify(Direction::read);
  return made;
}

void StreamNode::settle(int error) {
  // A connect that failed may be tried again.
  state_ = error == 0 ? State::connected : State::fresh;
  has_peer = error == 0;
  error_ = error;
  notify(Direction::write);
  notify(Direction::read);
}

std::shared_ptr<StreamNode> StreamNode::take_caller() {
  if (callers_.empty()) return nullptr;
  auto caller = std::move(callers_.front());
  callers_.pop_front();
  return caller;
}

void StreamNode::put_back(std::shared_ptr<StreamNode> caller) {
  callers_.push_front(std::move(caller));
}

int StreamNode::receive(MutableBytes into) {
  if (state_ != State::connected && error_ == 0) return -ENOTCONN;
  const std::size_t there = inbox_.size() - inbox_taken_;
  if (there == 0) {
    if (error_ != 0) return -take_error();
    return has_end_ ? 0 : -EAGAIN;
  }
  const std::size_t count = std::min(there, into.size());
  std::memcpy(into.data(), inbox_.data() + inbox_taken_, count);
  inbox_taken_ += count;
  if (inbox_taken_ == inbox_.size()) {
    inbox_.clear();
    inbox_taken_ = 0;
  }
  const auto sender = remote_.lock();
  if (!sender) return static_cast<int>(count);
  Universe& universe = network_.universe();
  Duration late = network_.latency(host(), sender->host());
  if (!is_local() && universe.strikes(Fault::stall, host().name)) {
    late += universe.chance.between(Duration(0), kStallMax);
  }
  universe.after(late, [weak = remote_, count] {
    if (const auto self = weak.lock()) self->confirm(count);
  });
  return static_cast<int>(count);
}

/// Notes that the peer has read `count` bytes.
void StreamNode::confirm(std::size_t count) {
  unread_by_peer_ -= std::min(count, unread_by_peer_);
  notify(Direction::write);
}

int StreamNode::send(Bytes bytes) {
  if (error_ != 0) return -take_error();
  if (state_ != State::connected) return family == AF_UNIX ? -ENOTCONN : -EPIPE;
  if (is_broken_ || has_ended_writes_) return -EPIPE;
  const std::size_t window = network_.options().stream_window_bytes;
  if (unread_by_peer_ >= window) return -EAGAIN;
  const std::size_t count = std::min(bytes.size(), window - unread_by_peer_);
  unread_by_peer_ += count;
  transmit(std::string(as_text(bytes.first(count))));
  return static_cast<int>(count);
}

Instant StreamNode::next_arrival(SimulatedHost& to) {
  Instant arrival = network_.arrival(host(), to);
  if (!is_local() && network_.universe().strikes(Fault::stall, host().name)) {
    arrival += network_.universe().chance.between(Duration(0), kStallMax);
  }
  last_arrival_ = std::max(last_arrival_, arrival);
  return last_arrival_;
}

StreamNode::Cut StreamNode::strike_cut() {
  if (is_local()) return Cut::none;
  Universe& universe = network_.universe();
  if (universe.strikes(Fault::stream_reset, host().name)) return Cut::reset;
  return universe.strikes(Fault::half_close, host().name) ? Cut::half_close : Cut::none;
}

void StreamNode::transmit(std::string bytes) {
  if (is_cut_) return reset();
  const Cut cut = strike_cut();
  if (cut != Cut::none) {
    bytes.resize(network_.universe().chance.below(bytes.size() + 1));
    is_cut_ = true;
  }
  SimulatedHost& to = peer_host_ == nullptr ? host() : *peer_host_;
  network_.universe().events.plan(next_arrival(to), [weak = remote_, self = weak_from_this(), cut,
                                                     bytes = std::move(bytes)]() mutable {
    const auto sender = self.lock();
    const auto receiver = weak.lock();
    if (receiver && receiver->state_ == State::connected) {
      if (!bytes.empty()) receiver->deliver(std::move(bytes));
      if (cut == Cut::half_close) receiver->deliver_end();
      if (cut == Cut::reset) receiver->deliver_reset(ECONNRESET);
    } else if (sender) {
      sender->deliver_reset(ECONNRESET);
    }
    if (sender && cut == Cut::reset) sender->deliver_reset(ECONNRESET);
  });
}

void StreamNode::deliver(std::string bytes) {
  if (has_end_) return;
  inbox_ += bytes;
  notify(Direction::read);
}

void StreamNode::deliver_end() {
  has_end_ = true;
  notify(Direction::read);
}

void StreamNode::deliver_reset(int error) {
  if (state_ != State::connected || is_broken_) return;
  // A socket that has read the peer's end, or will, does not also report a reset: tcp_recvmsg().
  if (!has_end_) error_ = error;
  has_end_ = true;
  is_broken_ = true;
  // getpeername(2) gives ENOTCONN from now on; a UNIX socket keeps the name of its peer.
  if (family != AF_UNIX) has_peer = false;
  notify(Direction::read);
  notify(Direction::write);
}

/// The peer of a UNIX socket has closed, which ends both directions.
void StreamNode::deliver_hang_up() {
  is_broken_ = true;
  deliver_end();
  notify(Direction::write);
}

void StreamNode::reset() {
  SimulatedHost& to = peer_host_ == nullptr ? host() : *peer_host_;
  network_.universe().events.plan(next_arrival(to), [weak = remote_] {
    if (const auto receiver = weak.lock()) receiver->deliver_reset(ECONNRESET);
  });
  deliver_reset(ECONNRESET);
}

int StreamNode::shut_down(int how) {
  if (state_ != State::connected) return -ENOTCONN;
  if (how == SHUT_RD || how == SHUT_RDWR) deliver_end();
  if (how == SHUT_RD || has_ended_writes_ || is_broken_) return 0;
  has_ended_writes_ = true;
  if (is_cut_) return 0;
  SimulatedHost& to = peer_host_ == nullptr ? host() : *peer_host_;
  network_.universe().events.plan(next_arrival(to), [weak = remote_] {
    const auto receiver = weak.lock();
    if (receiver && receiver->state_ == State::connected) receiver->deliver_end();
  });
  notify(Direction::write);
  return 0;
}

void StreamNode::close() {
  network_.unbind(*this);
  for (const auto& caller : std::exchange(callers_, {})) {
    caller->reset();
    caller->state_ = State::closed;
  }
  if (state_ == State::connected && !is_broken_) end_connection();
  state_ = State::closed;
}

void StreamNode::end_connection() {
  linger lingering{};
  std::size_t size = sizeof lingering;
  get_option(SOL_SOCKET, SO_LINGER, &lingering, size);
  const bool is_abort = family != AF_UNIX && lingering.l_onoff != 0 && lingering.l_linger == 0;
  if (is_abort || inbox_.size() > inbox_taken_) return reset();
  if (family != AF_UNIX) {
    shut_down(SHUT_WR);
    return;
  }
  network_.universe().events.plan(next_arrival(host()), [weak = remote_] {
    const auto receiver = weak.lock();
    if (receiver && receiver->state_ == State::connected) receiver->deliver_hang_up();
  });
}

int StreamNode::take_error() { return std::exchange(error_, 0); }

}  // namespace hotline::engine
