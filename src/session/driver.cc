#include "session/driver.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/loop.h"

namespace hotline::session {
namespace {

using Kind = SessionEvent::Kind;

// Memory that a session keeps for writing while it has nothing to write.
constexpr std::size_t kIdleBytesMax = 4 * 1024;

}  // namespace

Driver::Driver(Stream&& stream, SessionRole role, const SessionOptions& options)
    : Driver(std::optional(std::move(stream)), nullptr, role, options) {}

Driver::Driver(Stream& stream, SessionRole role, const SessionOptions& options)
    : Driver(std::nullopt, &stream, role, options) {}

Driver::Driver(std::optional<Stream> own, Stream* borrowed, SessionRole role,
               const SessionOptions& options)
    : protocol(role, options, now()),
      own_stream_(std::move(own)),
      stream_(own_stream_ ? *own_stream_ : *borrowed),
      options_(options),
      peer_(stream_.peer().to_string()),
      pool_{options.growth_max} {}

Driver::~Driver() { stop(); }

Driver::Lock::~Lock() {
  if (owns_lock() && std::uncaught_exceptions() > exceptions_) driver_.note_no_memory();
}

Result<void> Driver::start() {
  stream_.set_timeouts(
      {.first_byte = kNoTimeout, .idle = kNoTimeout, .write = options_.write_timeout});
  if (!Loop::current()) return start_worker();
  fibers_.emplace();
  return spawn(*fibers_, "session reads", &Driver::receive_all);
}

Result<void> Driver::start_worker() {
  const auto body = [this] {
    run_fibers();
    stream_.leave_loop();
    end_all();
  };
  auto worker = engine::Engine::current().start_worker(
      {.kind = engine::WorkerKind::loop, .name = "session", .loop = {}, .body = body, .on_end = [] {
       }});
  if (!worker) return fail(std::move(worker.error()));
  worker_ = std::move(*worker);
  return {};
}

/// Starts the fibers on the worker's loop, and waits for them.
void Driver::run_fibers() {
  try {
    TaskGroup fibers;
    auto spawned = spawn(fibers, "session reads", &Driver::receive_all);
    if (spawned) spawned = fibers.join();
    if (spawned) return;
    const Lock held = lock();
    note_lost(std::move(spawned.error()));
  } catch (const std::bad_alloc&) {
    const Lock held = lock();
    note_no_memory();
  }
}

Result<void> Driver::spawn(TaskGroup& fibers, Literal name,
                           void (Driver::*part)(TaskGroup& fibers)) {
  // It does not run before this fiber waits.
  auto spawned = fibers.spawn(name, [this, &fibers, part] { run(fibers, part); });
  if (spawned) ++running_;
  return spawned;
}

void Driver::run(TaskGroup& fibers, void (Driver::*part)(TaskGroup& fibers)) {
  // The session goes on beyond the scope in which it was started.
  engine::Engine::current().scope().deadline = Deadline::never();
  const DrainHold hold;
  bool has_memory = true;
  try {
    (this->*part)(fibers);
  } catch (const std::bad_alloc&) {
    has_memory = false;
  }
  if (!has_memory) {
    is_write_failed_ = true;
    const Lock held = lock();
    note_no_memory();
    fibers.cancel();
  }
  if (--running_ > 0) return;
  send_farewell();
  end_all();
}

void Driver::stop() {
  if (is_stopping_) return;
  try {
    begin_stop();
  } catch (const std::bad_alloc&) {
    // The peer sees an end without a reason.
  }
  if (worker_) worker_->interrupt(engine::kCancelEnd);
  worker_.reset();
  fibers_.reset();
  // Not later: a SessionStream may keep this object, on any thread.
  own_stream_.reset();
  end_all();
}

void Driver::begin_stop() {
  const Lock held = lock();
  is_stopping_ = true;
  if (protocol.stream_count() == 0) return protocol.say_goodbye();
  break_off(SessionCode::internal, "it was not finished");
}

void Driver::end_all() {
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

void Driver::receive_all(TaskGroup& fibers) {
  auto begun = complete_handshake();
  is_write_failed_ = !begun;
  if (begun) begun = spawn(fibers, "session writes", &Driver::write_all);
  if (!begun) {
    const Lock held = lock();
    return note_lost(std::move(begun.error()));
  }
  while (receive_once()) {
  }
}

Result<void> Driver::complete_handshake() {
  const DeadlineScope scope(deadline_after(options_.hello_timeout));
  return stream_.handshake();
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
    case Kind::failed: failure_ = protocol.failure()->to_error(peer_); return wake_waiters();
    case Kind::opened: {
      StreamRecord& record = add_record(event.stream, event.flows, false);
      record.opening = as_text(event.bytes);
      give_message_credit(event.stream, record, event.cost);
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
      give_message_credit(event.stream, record, event.cost);
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
      waiters.wake_all(kRoom);
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

/// Ends the session without allocating.
void Driver::note_no_memory() {
  static_cast<void>(protocol.receive_end());
  if (!failure_) {
    failure_.emplace();
    failure_->kind = ErrorKind::resource_exhausted;
    failure_->operation = "go on with a session";
  }
  has_queued_.set();
  wake_waiters();
}

void Driver::send() {
  if (protocol.has_output() || has_nothing_to_follow()) has_queued_.set();
  const std::size_t opened = protocol.opened_count();
  for (; opened_seen_ > opened; --opened_seen_) waiters.wake_one(kPlace);
  opened_seen_ = opened;
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
    drop_buffers(taken);
    held.unlock();
    auto waited = has_queued_.wait();
    held.lock();
    if (waited || is_stopping_) continue;
    is_write_failed_ = true;
    note_lost(std::move(waited.error()));
    return false;
  }
  return false;
}

/// Gives memory back that is used only while there is something to write.
void Driver::drop_buffers(std::string& taken) {
  // The protocol gets the buffer of queued_ for that of its own, which has nothing.
  protocol.take_output(queued_);
  for (std::string* each : {&queued_, &taken}) drop_if_large(*each, kIdleBytesMax);
  protocol.take_output(queued_);
  drop_if_large(queued_, kIdleBytesMax);
}

/// Sends what is queued, such as GOODBYE with the reason, as far as that needs no wait.
void Driver::send_farewell() {
  Lock held = lock();
  if (protocol.has_output()) protocol.take_output(queued_);
  const std::string last = std::exchange(queued_, {});
  const bool is_stopping = is_stopping_;
  held.unlock();
  if (is_write_failed_) return stream_.abort();
  if (!is_stopping || !stream_.is_open()) return;
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

void Driver::give_message_credit(SessionStreamId id, StreamRecord& record, std::uint32_t cost) {
  record.message_owed += cost;
  // One CREDIT for many messages, as long as what the peer has left allows the longest one.
  const std::uint32_t spare = options_.message_credit - (options_.frame_max + kMessageCost);
  if (record.message_owed <= std::min(options_.message_credit / 2, spare)) return;
  protocol.grant(id, kMessageFlow, std::exchange(record.message_owed, 0));
  send();
}

StreamRecord& Driver::add_record(SessionStreamId id, SessionFlows flows, bool is_own) {
  auto made = std::make_unique<StreamRecord>(flows, is_own, options_);
  return *records_.insert_or_assign(id, std::move(made)).first->second;
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
