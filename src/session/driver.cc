#include "session/driver.h"

#include <algorithm>
#include <utility>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/loop.h"

namespace hotline::session {
namespace {

using Kind = SessionEvent::Kind;

// Memory that a session keeps for writing while it has nothing to write.
constexpr std::size_t kIdleBytesMax = 4 * 1024;

}  // namespace

Driver::Driver(Stream&& stream, SessionRole role, const SessionOptions& options)
    : protocol(role, options, now()),
      own_stream_(std::move(stream)),
      stream_(*own_stream_),
      options_(options),
      peer_(stream_.peer().to_string()),
      pool_{options.growth_max} {}

Driver::Driver(Stream& stream, SessionRole role, const SessionOptions& options)
    : protocol(role, options, now()),
      stream_(stream),
      options_(options),
      peer_(stream_.peer().to_string()),
      pool_{options.growth_max} {}

Driver::~Driver() { stop(); }

Result<void> Driver::start() {
  stream_.set_timeouts(
      {.first_byte = kNoTimeout, .idle = kNoTimeout, .write = options_.write_timeout});
  if (Loop::current()) {
    fibers_.emplace();
    return spawn(*fibers_);
  }
  const auto body = [this] {
    TaskGroup fibers;
    if (auto spawned = spawn(fibers); !spawned) note_lost(std::move(spawned.error()));
    discard(fibers.join());
    if (own_stream_) own_stream_->leave_loop();
  };
  auto worker = engine::Engine::current().start_worker({.kind = engine::WorkerKind::loop,
                                                        .name = "session",
                                                        .loop = {},
                                                        .body = body,
                                                        .on_end = [] {}});
  if (!worker) return fail(std::move(worker.error()));
  worker_ = std::move(*worker);
  return {};
}

Result<void> Driver::spawn(TaskGroup& fibers) {
  running_ = 2;
  auto spawned = fibers.spawn("session reads", [&] { run(fibers, &Driver::receive_all); });
  if (spawned) {
    spawned = fibers.spawn("session writes", [&] { run(fibers, &Driver::write_all); });
  }
  if (!spawned) fibers.cancel();
  return spawned;
}

void Driver::run(TaskGroup& fibers, void (Driver::*part)(TaskGroup& fibers)) {
  // The session goes on beyond the scope in which it was started.
  engine::Engine::current().scope().deadline = Deadline::never();
  const DrainHold hold;
  (this->*part)(fibers);
  if (--running_ > 0) return;
  send_farewell();
  const Lock held = lock();
  is_over_ = true;
  wake_waiters();
}

void Driver::stop() {
  {
    const Lock held = lock();
    if (std::exchange(is_stopping_, true)) return;
    if (protocol.stream_count() == 0) {
      protocol.say_goodbye();
    } else {
      break_off(SessionCode::internal, "it was not finished");
    }
  }
  if (worker_) worker_->interrupt(engine::kCancelEnd);
  worker_.reset();
  fibers_.reset();
  if (own_stream_) own_stream_->close();
  const Lock held = lock();
  is_over_ = true;
  wake_waiters();
}

void Driver::break_off(SessionCode code, std::string_view text) {
  protocol.break_off(code, text);
  if (protocol.failure() && !failure_) failure_ = protocol.failure()->to_error(peer_);
  send();
  wake_waiters();
}

void Driver::receive_all(TaskGroup&) {
  while (receive_once()) {
  }
}

bool Driver::receive_once() {
  const Deadline deadline = [this] {
    const Lock held = lock();
    return protocol.next_deadline();
  }();
  auto bytes = stream_.receive(deadline);
  const Lock held = lock();
  if (!bytes) {
    note_lost(std::move(bytes.error()));
    return false;
  }
  if (bytes->empty()) {
    take(protocol.on_time(now()));
  } else {
    take_events(*bytes);
  }
  send();
  return !failure_;
}

void Driver::take_events(Bytes input) {
  const Instant time = now();
  for (;;) {
    const SessionEvent event = protocol.receive(input, time);
    if (event.kind == Kind::none) return;
    take(event);
  }
}

void Driver::take(const SessionEvent& event) {
  switch (event.kind) {
    case Kind::none: return;
    case Kind::ready: return waiters.wake_all(kReady | kPlace);
    case Kind::goodbye: return waiters.wake_all(kAll);
    case Kind::failed:
      failure_ = protocol.failure()->to_error(peer_);
      return wake_waiters();
    case Kind::opened: {
      StreamRecord& record = add_record(event.stream, event.flows, false);
      record.opening = as_text(event.bytes);
      protocol.grant(event.stream, kMessageFlow, event.cost);
      offered.push_back(event.stream);
      return waiters.wake_all(kOffered);
    }
    default: break;
  }
  const auto found = records_.find(event.stream);
  if (found != records_.end()) take_of_stream(event, *found->second);
}

void Driver::take_of_stream(const SessionEvent& event, StreamRecord& record) {
  const std::uint64_t order = ++record.arrivals;
  switch (event.kind) {
    case Kind::accepted:
      record.opening = as_text(event.bytes);
      record.is_answered = true;
      protocol.grant(event.stream, kMessageFlow, event.cost);
      return record.waiters.wake_all(kAnswered);
    case Kind::data:
      record.inflows[event.flow].add(event.bytes, order);
      return record.waiters.wake_all(readable(event.flow));
    case Kind::message:
      record.messages.push_back(
          {{event.type, event.flags, std::string(as_text(event.bytes))}, event.cost, order});
      return record.waiters.wake_all(readable(kMessageFlow));
    case Kind::ended:
      if (event.flow == kMessageFlow) {
        record.message_total = event.offset;
        record.message_end_order = order;
      } else {
        record.inflows[event.flow].note_end(event.offset, event.bytes, order);
      }
      return record.waiters.wake_all(readable(event.flow));
    case Kind::credit: return record.waiters.wake_all(writable(event.flow));
    case Kind::reset:
      record.reset = StreamReset{event.code, std::string(as_text(event.bytes))};
      return record.waiters.wake_all(kAll);
    default: return;
  }
}

/// The connection has ended, or cannot be used any more.
void Driver::note_lost(Error error) {
  const bool is_end = error.kind == ErrorKind::closed;
  const SessionEvent event = protocol.receive_end();
  if (!failure_ && event.kind == Kind::failed) {
    failure_ = is_end ? protocol.failure()->to_error(peer_) : std::move(error);
  }
  has_queued_.set();
  wake_waiters();
}

void Driver::send() {
  if (protocol.has_output() || has_nothing_to_follow()) has_queued_.set();
  const std::size_t streams = protocol.stream_count();
  if (streams < std::exchange(streams_seen_, streams)) waiters.wake_all(kPlace);
}

void Driver::write_all(TaskGroup& fibers) {
  std::string taken;
  Lock held = lock();
  while (take_queued(held, taken)) {
    held.unlock();
    auto written = stream_.write_all(as_bytes(taken));
    taken.clear();
    held.lock();
    if (written) continue;
    is_write_failed_ = true;
    note_lost(std::move(written.error()));
    return fibers.cancel();
  }
  const bool is_ended = has_nothing_to_follow() && !is_stopping_;
  const bool is_finished = protocol.is_finished();
  held.unlock();
  // The peer reads an end after the last frame.
  if (is_ended) discard(stream_.shut_down_writes());
  // Otherwise the end of the peer's writes shows that everything has arrived.
  if (!is_finished) fibers.cancel();
}

/// Waits until there are bytes to write, and takes them. Returns false when nothing will follow.
bool Driver::take_queued(Lock& held, std::string& taken) {
  while (!is_stopping_) {
    if (protocol.has_output()) protocol.take_output(queued_);
    if (!queued_.empty()) {
      std::swap(queued_, taken);
      waiters.wake_one(kRoom);
      return true;
    }
    if (has_nothing_to_follow()) return false;
    if (taken.capacity() > kIdleBytesMax) taken = {};
    held.unlock();
    const auto waited = has_queued_.wait();
    held.lock();
    if (!waited) return false;
  }
  return false;
}

/// Sends what is queued, such as GOODBYE with the reason, as far as that needs no wait.
void Driver::send_farewell() {
  Lock held = lock();
  if (protocol.has_output()) protocol.take_output(queued_);
  const std::string last = std::exchange(queued_, {});
  held.unlock();
  if (is_write_failed_) return stream_.abort();
  if (!is_stopping_ || !stream_.is_open()) return;
  const Bytes piece = as_bytes(last);
  if (stream_.write_now(std::span(&piece, 1)) < last.size()) return stream_.abort();
  discard(stream_.shut_down_writes());
}

void Driver::wake_waiters() {
  waiters.wake_all(kAll);
  for (const auto& [id, record] : records_) record->waiters.wake_all(kAll);
}

Result<void> Driver::wait(Lock& held, Waiters& among, Interest what, Deadline deadline,
                          OnDrain on_drain) {
  Waiter waiter(among, what);
  held.unlock();
  auto waited = waiter.wait(deadline, on_drain);
  held.lock();
  // Another one may use what this one was woken for.
  if (!waited && waiter.is_woken()) among.wake_one(what);
  return waited;
}

void Driver::pass_room() {
  if (has_room()) waiters.wake_one(kRoom);
}

Result<std::size_t> Driver::queue_data(SessionStreamId id, std::uint8_t flow, Bytes bytes) {
  const auto begun = protocol.begin_data(id, flow, bytes.size(), queued_);
  if (!begun) return fail(begun.error());
  queued_.append(as_text(bytes.first(*begun)));
  if (*begun > 0) has_queued_.set();
  return *begun;
}

void Driver::give_credit(SessionStreamId id, std::uint8_t flow, Inflow& inflow) {
  const std::uint32_t granted = inflow.take_credit(pool_);
  if (granted == 0) return;
  protocol.grant(id, flow, granted);
  send();
}

StreamRecord& Driver::add_record(SessionStreamId id, SessionFlows flows, bool is_own) {
  auto& place = records_[id];
  place = std::make_unique<StreamRecord>(flows, is_own, options_);
  return *place;
}

StreamRecord* Driver::find_record(SessionStreamId id) {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : found->second.get();
}

void Driver::drop_record(SessionStreamId id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  pool_.left += found->second->growth();
  records_.erase(found);
}

std::optional<Error> Driver::end_reason() const {
  if (failure_) return failure_;
  if (!is_over_ && !protocol.is_finished()) return std::nullopt;
  return make_error(ErrorKind::closed, "use the session with", peer_, "it has ended");
}

}  // namespace hotline::session
