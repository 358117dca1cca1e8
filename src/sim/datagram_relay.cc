#include "sim/datagram_relay.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "hotline/engine/clock.h"

namespace hotline::sim {
namespace {

// A caller without an answer for this long is forgotten.
constexpr Duration kSessionIdleMax = std::chrono::minutes(1);

}  // namespace

DatagramOptions relayed_datagram_options() {
  DatagramOptions options;
  options.batch_max = 1;
  return options;
}

/// What callers send to the target, or what the target sends to one of them.
class DatagramRelay::Direction {
 public:
  /// `only`: the caller that the target answers; null: the direction to the target.
  Direction(DatagramRelay& relay, std::shared_ptr<Session> only, std::uint64_t number)
      : relay_(relay), only_(std::move(only)), dice_(relay.faults_, number) {}

  void run();

 private:
  /// A datagram that the next one overtakes.
  struct Held {
    std::string bytes;
    std::shared_ptr<Session> session;
    Deadline deadline;
  };

  Deadline deadline() const;
  bool goes_on(ErrorKind failed) const;
  void pass(const Datagram& datagram);
  void hold(std::shared_ptr<Session> session, Bytes bytes);
  void release();
  void send(Session& session, Bytes bytes);

  DatagramRelay& relay_;
  std::shared_ptr<Session> only_;
  FaultDice dice_;
  std::optional<Held> held_;
};

void DatagramRelay::run() {
  Direction(*this, nullptr, 0).run();
  fibers_.drain();
  discard(fibers_.join());
}

std::shared_ptr<DatagramRelay::Session> DatagramRelay::session_of(const DatagramRoute& caller) {
  const auto is_of_caller = [&](const auto& each) { return each->caller.peer == caller.peer; };
  const auto found = std::ranges::find_if(sessions_, is_of_caller);
  return found == sessions_.end() ? begin_session(caller) : *found;
}

/// Returns null if there are no sockets or fibers left; the datagram is then lost.
std::shared_ptr<DatagramRelay::Session> DatagramRelay::begin_session(const DatagramRoute& caller) {
  const std::uint64_t number = ++session_count_;
  DatagramOptions options = relayed_datagram_options();
  options.socket = target_.socket;
  auto socket = connect_datagrams(target_.endpoint, options);
  if (!socket) return nullptr;
  auto session = std::make_shared<Session>(std::move(*socket), caller);
  if (!fibers_.spawn("proxy down", [=, this] { answer(session, number); })) return nullptr;
  sessions_.push_back(session);
  return session;
}

void DatagramRelay::answer(const std::shared_ptr<Session>& session, std::uint64_t number) {
  Direction(*this, session, number).run();
  std::erase(sessions_, session);
}

void DatagramRelay::Direction::run() {
  DatagramSocket& from = only_ ? only_->socket : relay_.callers_;
  for (;;) {
    const auto datagram = from.receive(deadline());
    if (datagram) {
      pass(*datagram);
    } else if (goes_on(datagram.error().kind)) {
      release();
    } else {
      return release();
    }
  }
}

Deadline DatagramRelay::Direction::deadline() const {
  if (held_) return held_->deadline;
  return only_ ? deadline_after(kSessionIdleMax) : Deadline::never();
}

/// Returns true if another receive follows: a held datagram has waited long enough, or the target
/// refuses.
bool DatagramRelay::Direction::goes_on(ErrorKind failed) const {
  return failed == ErrorKind::refused || (failed == ErrorKind::timed_out && held_);
}

void DatagramRelay::Direction::pass(const Datagram& datagram) {
  auto session = only_ ? only_ : relay_.session_of(*datagram.route);
  if (session == nullptr) return;
  MutableBytes bytes = datagram.bytes;
  const bool is_parted = dice_.is_parted();
  if (dice_.strikes(Fault::datagram_loss, !is_parted) || is_parted) return;
  if (!dice_.wait_delayed()) return;
  if (dice_.strikes(Fault::datagram_corruption, !bytes.empty())) {
    bytes[dice_.below(bytes.size())] ^= static_cast<std::byte>(1 + dice_.below(255));
  }
  const bool is_late = dice_.strikes(Fault::datagram_reordering, !held_);
  const bool is_doubled = dice_.strikes(Fault::datagram_duplication);
  if (is_doubled) send(*session, bytes);
  if (is_late) return hold(std::move(session), bytes);
  send(*session, bytes);
  release();
}

void DatagramRelay::Direction::hold(std::shared_ptr<Session> session, Bytes bytes) {
  held_ = Held{std::string(as_text(bytes)), std::move(session),
               deadline_after(relay_.faults_.options.reordering_max)};
}

void DatagramRelay::Direction::release() {
  if (!held_) return;
  const Held held = std::move(*held_);
  held_.reset();
  send(*held.session, as_bytes(held.bytes));
}

/// A datagram that cannot be sent is lost, as on any network.
void DatagramRelay::Direction::send(Session& session, Bytes bytes) {
  if (only_) {
    discard(relay_.callers_.send({bytes, &session.caller}));
  } else {
    discard(session.socket.send({bytes, nullptr}));
  }
}

}  // namespace hotline::sim
