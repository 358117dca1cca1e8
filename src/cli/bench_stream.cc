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
    if (!due || (needs_pause_ && !pause())) return false;
    if (plan_.options.per_connection && *due > at && !sleep_until(Deadline::at(*due))) return false;
    connect();
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
    is_over_ = error.kind == ErrorKind::cancelled || patience_.is_over(exact_now());
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
      const std::string waited = format_duration(plan_.options.timeout);
      return lose(make_error(ErrorKind::timed_out, "receive from", plan_.endpoint.to_string(),
                             "no reply within " + waited, "--timeout 60s waits longer"));
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

/// If a write fails, the reads on the connection fail too, or time out.
void BenchStream::go_on_writing() {
  while (frames_->stream().write_all(pieces_) && gather(exact_now())) {
  }
  is_writing_ = false;
}

Deadline BenchStream::wait_limit(Instant at) const {
  Deadline limit = Deadline::never();
  if (!waiting_.empty()) limit = Deadline::after(waiting_.front().sent, plan_.options.timeout);
  if (is_writing_ || !has_room()) return limit;
  const auto due = schedule_->next(at);
  return due ? Deadline::earliest(limit, Deadline::at(*due)) : limit;
}

bool BenchStream::has_stalled(Instant at) const {
  return !waiting_.empty() &&
         Deadline::after(waiting_.front().sent, plan_.options.timeout).has_passed(at);
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
  patience_.renew(at);
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
  drop();
  is_over_ = is_over_ || is_cancelled;
}

/// Ends the connection after its last reply.
void BenchStream::end_in_order() {
  end_writing();
  if (!plan_.options.per_connection && plan_.knows_ends()) {
    discard(frames_->stream().shut_down_writes());
    const auto more = frames_->read_frame(deadline_after(kEndWait));
    const bool has_more = more ? more->has_value() : more.error().kind == ErrorKind::truncated;
    if (has_more) return refuse(BenchFault::surplus, "more bytes came after the last reply");
  }
  frames_->stream().close();
  frames_.reset();
}

/// The loop to which the fibers belong ends before this object does.
void BenchStream::end_writing() {
  if (writers_) discard(writers_->join());
  writers_.reset();
  is_writing_ = false;
}

void BenchStream::drop() {
  if (writers_) writers_->cancel();
  end_writing();
  waiting_.clear();
  if (frames_) frames_->stream().abort();
  frames_.reset();
  is_over_ = is_over_ || patience_.is_over(exact_now());
}

}  // namespace hotline::cli
