#include "hotline/session/session_stream.h"

#include <new>
#include <utility>

#include "session/driver.h"

namespace hotline {

using session::Driver;
using Lock = session::Driver::Lock;
using session::Inflow;
using session::Interest;
using session::StreamRecord;

namespace {

Error stream_error(const Driver& driver, ErrorKind kind, std::string detail) {
  return make_error(kind, "use a stream of the session with", driver.peer(), std::move(detail));
}

Error misuse(const Driver& driver, std::string detail) {
  return stream_error(driver, ErrorKind::invalid_argument, std::move(detail));
}

/// Returns why nothing can follow on the stream before its end; nullopt if something can.
std::optional<Error> end_of(const Driver& driver, const StreamRecord& record) {
  if (record.reset) {
    std::string detail = "the peer has reset it (" + std::string(name_of(record.reset->code)) + ")";
    if (!record.reset->text.empty()) {
      detail += ": " + escape(as_bytes(record.reset->text), kSessionTextMax);
    }
    return stream_error(driver, ErrorKind::reset, std::move(detail));
  }
  if (record.is_reset_here) {
    return stream_error(driver, ErrorKind::closed, "this end has reset it");
  }
  return driver.end_reason();
}

/// Repeats `attempt`, which returns true when it is done, and waits for credit of `flow` or for
/// room to send before each further one.
template <typename Attempt>
Result<void> attempt_until_done(Driver& driver, Driver::Lock& lock, StreamRecord& record,
                                std::uint8_t flow, Deadline deadline, Attempt attempt) {
  for (;;) {
    if (auto ended = end_of(driver, record)) return fail(std::move(*ended));
    const bool has_room = driver.has_room();
    if (has_room) {
      const Result<bool> is_done = attempt(lock);
      driver.send();
      if (!is_done) return fail(is_done.error());
      if (*is_done) return {};
      driver.pass_room();
    }
    auto waited = !driver.has_room()
                      ? driver.wait(lock, driver.waiters, session::kRoom, deadline)
                      : driver.wait(lock, record.waiters, session::writable(flow), deadline);
    if (!waited) return waited;
  }
}

template <typename Attempt>
Result<void> send_when_possible(Driver& driver, StreamRecord& record, std::uint8_t flow,
                                Deadline deadline, Attempt attempt) {
  auto lock = driver.lock();
  auto sent = attempt_until_done(driver, lock, record, flow, deadline, attempt);
  driver.pass_room();
  return sent;
}

}  // namespace

SessionStream::SessionStream(std::shared_ptr<Driver> driver, SessionStreamId id)
    : driver_(std::move(driver)), id_(id), record_(driver_->find_record(id)) {}

SessionStream::SessionStream(SessionStream&& other) noexcept
    : driver_(std::move(other.driver_)), id_(other.id_), record_(other.record_) {}

SessionStream& SessionStream::operator=(SessionStream&& other) noexcept {
  if (this == &other) return *this;
  drop();
  driver_ = std::move(other.driver_);
  id_ = other.id_;
  record_ = other.record_;
  return *this;
}

SessionStream::~SessionStream() { drop(); }

void SessionStream::drop() {
  if (!driver_) return;
  reset(ResetCode::not_needed);
  const auto lock = driver_->lock();
  driver_->drop_record(id_);
}

SessionStreamId SessionStream::id() const { return id_; }

SessionFlows SessionStream::flows() const { return record_->flows; }

Bytes SessionStream::request() const {
  return record_->is_own ? Bytes() : as_bytes(record_->opening);
}

Result<void> SessionStream::accept(Bytes answer, Deadline deadline) {
  return send_when_possible(*driver_, *record_, kMessageFlow, deadline,
                            [&](Lock&) { return driver_->protocol.accept(id_, answer); });
}

Result<Bytes> SessionStream::answer(Deadline deadline) {
  auto lock = driver_->lock();
  if (!record_->is_own) return fail(misuse(*driver_, "the peer has opened it: nothing answers"));
  while (!record_->is_answered) {
    if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
    auto waited = driver_->wait(lock, record_->waiters, session::kAnswered, deadline);
    if (!waited) return fail(std::move(waited.error()));
  }
  return as_bytes(record_->opening);
}

Result<void> SessionStream::write(std::uint8_t flow, Bytes bytes, Deadline deadline) {
  if (bytes.empty()) return {};
  const auto send = [&](Lock& lock) -> Result<bool> {
    while (driver_->has_room() && !bytes.empty()) {
      const auto taken = driver_->send_data(lock, id_, flow, bytes, deadline);
      if (!taken) return fail(taken.error());
      if (*taken == 0) return false;
      bytes = bytes.subspan(*taken);
      if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
    }
    return bytes.empty();
  };
  return send_when_possible(*driver_, *record_, flow, deadline, send);
}

Result<std::size_t> SessionStream::wait_credit(std::uint8_t flow, Deadline deadline) {
  std::size_t credit = 0;
  auto waited = send_when_possible(*driver_, *record_, flow, deadline, [&](Lock&) -> Result<bool> {
    // It fails for a flow that this end may not send.
    const auto nothing = driver_->queue_data(id_, flow, {});
    if (!nothing) return fail(nothing.error());
    credit = driver_->protocol.credit(id_, flow);
    return credit > 0;
  });
  if (!waited) return fail(std::move(waited.error()));
  return credit;
}

Result<void> SessionStream::end(std::uint8_t flow, Bytes trailer) {
  const auto lock = driver_->lock();
  if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
  auto sent = driver_->protocol.end(id_, flow, trailer);
  driver_->send();
  return sent;
}

Result<Bytes> SessionStream::read(std::uint8_t flow, Deadline deadline) {
  auto lock = driver_->lock();
  Inflow* const inflow = record_->inflow(flow);
  if (inflow == nullptr) return fail(misuse(*driver_, "the peer does not send that flow"));
  inflow->give_back();
  for (;;) {
    driver_->give_credit(id_, flow, *inflow);
    if (!inflow->is_empty()) return inflow->lend();
    if (inflow->has_ended()) {
      inflow->note_end_read();
      return Bytes();
    }
    if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
    auto waited = driver_->wait(lock, record_->waiters, session::readable(flow), deadline);
    if (!waited) return fail(std::move(waited.error()));
  }
}

std::optional<FlowEnd> SessionStream::flow_end(std::uint8_t flow) const {
  const auto lock = driver_->lock();
  if (flow == kMessageFlow) {
    if (!record_->message_total) return std::nullopt;
    return FlowEnd{*record_->message_total, {}};
  }
  const Inflow* const inflow = record_->inflow(flow);
  if (inflow == nullptr || !inflow->has_ended()) return std::nullopt;
  return FlowEnd{inflow->total(), inflow->trailer()};
}

Result<void> SessionStream::send(const SessionMessage& message, Deadline deadline) {
  return send_when_possible(*driver_, *record_, kMessageFlow, deadline,
                            [&](Lock&) { return driver_->protocol.send(id_, message); });
}

Result<ReceivedMessage> SessionStream::receive(Deadline deadline) {
  auto lock = driver_->lock();
  while (record_->messages.empty()) {
    if (record_->message_total) {
      record_->is_message_end_read = true;
      return fail(stream_error(*driver_, ErrorKind::closed, "no message follows"));
    }
    if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
    auto waited = driver_->wait(lock, record_->waiters, session::readable(kMessageFlow), deadline);
    if (!waited) return fail(std::move(waited.error()));
  }
  session::KeptMessage kept = std::move(record_->messages.front());
  record_->messages.pop_front();
  driver_->give_message_credit(id_, *record_, kept.cost);
  return std::move(kept.message);
}

Result<std::uint8_t> SessionStream::wait_any(Deadline deadline) {
  auto lock = driver_->lock();
  // A flow that gets no credit back would not become readable again.
  for (int i = 0; i < kSessionFlowsMax; ++i) {
    const auto flow = static_cast<std::uint8_t>(i);
    Inflow* const inflow = record_->inflow(flow);
    if (inflow == nullptr) continue;
    inflow->give_back();
    driver_->give_credit(id_, flow, *inflow);
  }
  for (;;) {
    if (const auto flow = record_->first_readable()) return *flow;
    if (record_->is_read_out()) {
      return fail(stream_error(*driver_, ErrorKind::closed, "the peer has ended it"));
    }
    if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
    auto waited = driver_->wait(lock, record_->waiters, session::kAnyReadable, deadline);
    if (!waited) return fail(std::move(waited.error()));
  }
}

Result<void> SessionStream::wait_cut(Deadline deadline) {
  auto lock = driver_->lock();
  for (;;) {
    if (auto ended = end_of(*driver_, *record_)) return fail(std::move(*ended));
    auto waited = driver_->wait(lock, record_->waiters, session::kCut, deadline);
    if (!waited) return waited;
  }
}

void SessionStream::reset(ResetCode code, std::string_view text) {
  try {
    reset_once(code, text);
  } catch (const std::bad_alloc&) {
    // The session has ended, and the stream with it.
  }
}

void SessionStream::reset_once(ResetCode code, std::string_view text) {
  const auto lock = driver_->lock();
  if (!driver_->protocol.has(id_)) return;
  driver_->protocol.reset(id_, code, text);
  record_->is_reset_here = true;
  driver_->send();
  driver_->waiters.wake_all(session::kRoom);
  record_->waiters.wake_all(session::kAll);
}

std::optional<StreamReset> SessionStream::reset_by_peer() const {
  const auto lock = driver_->lock();
  return record_->reset;
}

bool SessionStream::is_closed() const {
  const auto lock = driver_->lock();
  return !driver_->protocol.has(id_);
}

}  // namespace hotline
