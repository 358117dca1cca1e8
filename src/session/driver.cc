#include "session/driver.h"

#include <algorithm>
#include <chrono>
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

// It keeps memory for bulk until nothing large has arrived for so long.
constexpr std::chrono::milliseconds kBulkIdleMax{500};

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
  bulk_.drop();
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
  {
    const Lock held = lock();
    if (!begun) return note_lost(std::move(begun.error()));
    loop_ = Loop::current();
  }
  while (receive_once()) {
  }
}

Result<void> Driver::complete_handshake() {
  const DeadlineScope scope(deadline_after(options_.hello_timeout));
  return stream_.handshake();
}

bool Driver::receive_once() {
  auto bytes = receive_bytes();
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
  note_size(bytes->size());
  send();
  return !failure_;
}

/// Chooses how to receive from now on.
void Driver::note_size(std::size_t received) {
  if (bulk_end_) bulk_.note_filled(received);
  const Instant time = now();
  if (received >= BulkMemory::kSharedBytesMin) {
    bulk_end_ = time + kBulkIdleMax;
  } else if (bulk_end_ && *bulk_end_ <= time) {
    bulk_end_.reset();
    bulk_.drop();
  }
}

/// Returns what arrives next: nothing if it is time to look at the clock.
Result<Bytes> Driver::receive_bytes() {
  Deadline deadline = Deadline::never();
  MutableBytes room;
  {
    const Lock held = lock();
    deadline = protocol.next_deadline();
    if (bulk_end_) room = bulk_.room();
  }
  if (room.empty()) {
    const auto lease = stream_.receive(deadline);
    if (!lease) return fail(lease.error());
    return *lease;
  }
  const auto size = stream_.read_some(room, Deadline::earliest(deadline, Deadline::at(*bulk_end_)));
  if (!size) return fail(size.error());
  return room.first(*size);
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
      record.inflows[event.flow].add(event.bytes, order, bulk_.memory_of(event.bytes));
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
