#include "cli/bench_stream.h"

#include <string>
#include <utility>

#include "cli/call_options.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

/// How long the end of a connection is waited for, to see whether more bytes come than expected.
constexpr Duration kEndWait = std::chrono::milliseconds(200);

/// Connections begin at different messages.
constexpr std::uint64_t kNumberStep = 7;

}  // namespace

BenchStream::BenchStream(const BenchPlan& plan, std::size_t index, BenchTally& tally)
    : plan_(plan),
      index_(index),
      tally_(tally),
      next_number_(index * kNumberStep),
      patience_(plan.options.timeout) {}

void BenchStream::run(BenchGate& gate, Semaphore& connecting) {
  if (!plan_.options.per_connection) connect_first(connecting);
  const auto times = gate.pass();
  if (!times) return drop();
  schedule_.emplace(plan_.options, *times, index_);
  while (is_connected()) converse();
}

void BenchStream::connect_first(Semaphore& connecting) {
  if (!connecting.acquire()) return;
  connect();
  connecting.release();
}

/// Returns false if there is no connection, and nothing more is to be done.
bool BenchStream::is_connected() {
  while (!is_over_ && !frames_) {
    const Instant at = exact_now();
    const auto due = schedule_->next(at);
    if (!due) return false;
    if (needs_pause_) {
      if (!pause()) return false;
    } else if (plan_.options.per_connection && *due > at) {
      if (!sleep_until(Deadline::at(*due))) return false;
    } else {
      connect();
    }
  }
  return !is_over_;
}

bool BenchStream::pause() {
  needs_pause_ = false;
  const Deadline until = deadline_after(patience_.next_pause());
  return sleep_until(Deadline::earliest(until, schedule_->times().end)).has_value();
}

bool BenchStream::connect() {
  began_ = exact_now();
  auto stream = plan_.stream->open(plan_.connecting);
  if (!stream) {
    const Error& error = stream.error();
    if (error.kind != ErrorKind::cancelled) tally_.add(fault_of_connect(error), error);
    is_over_ = error.kind == ErrorKind::cancelled || patience_.ends_at(exact_now());
    needs_pause_ = true;
    return false;
  }
  tally_.connects.record((exact_now() - began_).count());
  frames_.emplace(*std::move(stream), plan_.replies);
  sent_here_ = 0;
  // Until a reply comes.
  needs_pause_ = true;
  return true;
}

/// Exchanges messages on a connection until it ends.
void BenchStream::converse() {
  Instant at = exact_now();
  while (frames_) {
    if (!send_due(at)) return;
    if (waiting_.empty() && is_done(at)) return end_in_order();
    const auto reply = frames_->read_frame(wait_limit(at));
    at = exact_now();
    if (!reply) return lose(reply.error());
    if (*reply) {
      if (!take_all(**reply, at)) return;
    } else if (has_stalled(at)) {
      return lose(stall_error());
    }
  }
}

bool BenchStream::is_done(Instant at) const {
  return sent_here_ == plan_.options.per_connection || !schedule_->next(at);
}

bool BenchStream::has_room() const {
  return waiting_.size() < plan_.depth && sent_here_ != plan_.options.per_connection;
}

/// Collects the messages that are due. Returns false if there is none.
bool BenchStream::gather(Instant at) {
  pieces_.clear();
  const bool is_open_loop = plan_.options.rate.has_value();
  while (has_room()) {
    const auto due = schedule_->next(at);
    if (!due || *due > at) break;
    schedule_->advance(*due);
    // The time in which a connection of its own is made counts for its first message.
    const bool is_first = plan_.options.per_connection && sent_here_ == 0;
    waiting_.push_back({is_first && !is_open_loop ? began_ : *due, at});
    pieces_.push_back(plan_.messages.wire(next_number_++));
    ++sent_here_;
  }
  return !pieces_.empty();
}

/// Returns false if the connection has ended.
bool BenchStream::send_due(Instant at) {
  if (write_failure_) {
    // Replies that were sent before may still come.
    if (!waiting_.empty()) return true;
    lose(Error(*write_failure_));
    return false;
  }
  if (is_writing_ || !gather(at)) return true;
  const auto written = write();
  if (!written) lose(written.error());
  return written.has_value();
}

Result<void> BenchStream::write() {
  if (!plan_.replies.can_pipeline()) {
    return frames_->write_frame(plan_.messages.payload(next_number_ - 1));
  }
  const std::size_t unanswered = waiting_.size() * plan_.messages.wire(0).size();
  if (unanswered > kSendAtOnceMax) return write_beside();
  return frames_->stream().write_all(pieces_);
}

/// A peer that answers before it has read everything waits until its reply is read.
Result<void> BenchStream::write_beside() {
  if (!writers_) writers_.emplace();
  is_writing_ = true;
  auto spawned = writers_->spawn("bench writer", [this] { go_on_writing(); });
  if (!spawned) is_writing_ = false;
  return spawned;
}

void BenchStream::go_on_writing() {
  do {
    write_began_ = exact_now();
    auto written = frames_->stream().write_all(pieces_);
    write_began_.reset();
    if (!written) write_failure_ = std::move(written.error());
  } while (!write_failure_ && gather_when_due());
  is_writing_ = false;
  written_.release();
}

/// The fiber that reads does not learn that a message is due earlier than it knew, so this one
/// waits for the time. Returns false if there is no room, or no message any more.
bool BenchStream::gather_when_due() {
  for (;;) {
    const Instant at = exact_now();
    if (gather(at)) return true;
    const auto due = has_room() ? schedule_->next(at) : std::nullopt;
    if (!due || !sleep_until(Deadline::at(*due))) return false;
  }
}

Deadline BenchStream::wait_limit(Instant at) const {
  Deadline limit = Deadline::never();
  const bool is_waiting = !waiting_.empty();
  if (is_waiting) limit = Deadline::after(waiting_.front().sent, plan_.options.timeout);
  if (is_writing_) {
    if (is_waiting) return limit;
    // What the other fiber does next is not known yet.
    limit = Deadline::after(at, plan_.options.timeout);
    const Deadline end = schedule_->times().end;
    return end.has_passed(at) ? limit : Deadline::earliest(limit, end);
  }
  if (write_failure_ || !has_room()) return limit;
  const auto due = schedule_->next(at);
  return due ? Deadline::earliest(limit, Deadline::at(*due)) : limit;
}

bool BenchStream::has_stalled(Instant at) const {
  const auto since = waiting_.empty() ? write_began_ : std::optional(waiting_.front().sent);
  return since && Deadline::after(*since, plan_.options.timeout).has_passed(at);
}

Error BenchStream::stall_error() const {
  const std::string waited = format_duration(plan_.options.timeout);
  if (waiting_.empty()) {
    return make_error(ErrorKind::timed_out, "send to", plan_.endpoint.to_string(),
                      "the rest of a message was not taken within " + waited,
                      "--timeout 60s waits longer");
  }
  return make_error(ErrorKind::timed_out, "receive from", plan_.endpoint.to_string(),
                    "no reply within " + waited, "--timeout 60s waits longer");
}

/// Counts the messages that were waited for until the load ended, or for the whole timeout. Those
/// that a connection lost earlier say nothing about how long a reply takes.
void BenchStream::count_bounds(Instant at) {
  if (!plan_.options.rate) return;
  for (const Waiting& each : waiting_) tally_.add_bound(schedule_->times(), each.due, at);
}

/// Takes `reply`, which came `at`, and all that have arrived with it. Returns false if the
/// connection has ended.
bool BenchStream::take_all(Bytes reply, Instant at) {
  while (take(reply, at)) {
    if (!frames_->has_frame()) {
      const bool has_more = waiting_.empty() && frames_->has_rest() && plan_.knows_ends();
      if (has_more) refuse(BenchFault::surplus, "more bytes came than the reply has");
      return !has_more;
    }
    const auto next = frames_->read_frame();
    if (!next) {
      lose(next.error());
      return false;
    }
    reply = *next;
  }
  return false;
}

bool BenchStream::take(Bytes reply, Instant at) {
  if (waiting_.empty()) {
    if (!plan_.knows_ends()) return true;
    refuse(BenchFault::surplus, "a reply came that no message waits for");
    return false;
  }
  const std::uint64_t number = next_number_ - waiting_.size();
  const Waiting answered = waiting_.front();
  waiting_.pop_front();
  if (const std::string fault = plan_.messages.fault_of(number, reply); !fault.empty()) {
    if (plan_.trusts_sizes()) {
      refuse(BenchFault::wrong, "a wrong reply: " + fault);
      return false;
    }
    tally_.add(BenchFault::wrong, plan_.reply_error("a wrong reply: " + fault));
    return true;
  }
  tally_.add_reply(schedule_->times(), answered.due, at, plan_.messages.bytes(), reply.size());
  patience_.renew();
  needs_pause_ = false;
  return true;
}

/// Ends a connection on which something came that must not come.
void BenchStream::refuse(BenchFault fault, std::string detail) {
  const Error error = plan_.reply_error(std::move(detail));
  tally_.add(fault, error);
  if (!waiting_.empty()) tally_.add(BenchFault::unanswered, error, waiting_.size());
  drop();
}

void BenchStream::lose(const Error& error) {
  const bool is_cancelled = error.kind == ErrorKind::cancelled;
  if (!is_cancelled) {
    tally_.add(fault_of_end(error), error);
    if (!waiting_.empty()) tally_.add(BenchFault::unanswered, error, waiting_.size());
  }
  const Instant at = exact_now();
  const bool is_stalled = error.kind == ErrorKind::timed_out;
  if (is_cancelled || is_stalled || schedule_->times().end.has_passed(at)) count_bounds(at);
  drop();
  is_over_ = is_over_ || is_cancelled;
}

/// Ends the connection after its last reply.
void BenchStream::end_in_order() {
  if (!finish_writing()) return;
  if (!plan_.options.per_connection && plan_.knows_ends()) {
    discard(frames_->stream().shut_down_writes());
    const auto more = frames_->read_frame(deadline_after(kEndWait));
    const bool has_more = more ? more->has_value() : more.error().kind == ErrorKind::truncated;
    if (has_more) return refuse(BenchFault::surplus, "more bytes came after the last reply");
  }
  frames_->stream().close();
  frames_.reset();
}

/// A peer may have answered without reading the whole message. Returns false if the connection has
/// ended.
bool BenchStream::finish_writing() {
  if (is_writing_) {
    while (written_.try_acquire()) {
    }
    const auto written = written_.acquire(deadline_after(plan_.options.timeout));
    if (!written) {
      lose(written.error().kind == ErrorKind::timed_out ? stall_error() : written.error());
      return false;
    }
  }
  if (write_failure_) {
    lose(Error(*write_failure_));
    return false;
  }
  end_writing();
  return true;
}

/// The loop to which the fibers belong ends before this object does.
void BenchStream::end_writing() {
  if (writers_) discard(writers_->join());
  writers_.reset();
  write_failure_.reset();
  is_writing_ = false;
}

void BenchStream::drop() {
  if (writers_) writers_->cancel();
  end_writing();
  waiting_.clear();
  if (frames_) frames_->stream().abort();
  frames_.reset();
  is_over_ = is_over_ || patience_.ends_at(exact_now());
}

}  // namespace hotline::cli
