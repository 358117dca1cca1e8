#include "cli/bench_datagrams.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "cli/bench_number.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

/// How much longer than the timeout a lost datagram may be waited for, as a part of it.
constexpr int kExpiriesInTimeout = 8;

constexpr std::size_t kBatchMax = 64;
constexpr std::size_t kDatagramBytesMax = 65'535;

DatagramOptions socket_options(const BenchPlan& plan) {
  DatagramOptions options;
  options.socket = plan.connecting.socket;
  options.connect_timeout = plan.options.timeout;
  options.send_timeout = plan.options.timeout;
  options.batch_max = std::min(plan.depth, kBatchMax);
  // A longer reply is wrong, and is noticed because it is cut.
  const bool is_any = plan.options.expected == ExpectedReply::any;
  options.datagram_bytes_max = is_any ? kDatagramBytesMax : plan.messages.bytes() + 1;
  return options;
}

}  // namespace

BenchDatagrams::BenchDatagrams(const BenchPlan& plan, std::size_t index, BenchTally& tally)
    : plan_(plan),
      tally_(tally),
      index_(index),
      places_(plan.depth),
      free_(plan.depth),
      patience_(plan.options.timeout) {
  std::iota(free_.rbegin(), free_.rend(), std::size_t{0});
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i].number = static_cast<std::uint32_t>(i);
  }
  composed_.resize(plan_.has_numbers() ? plan.depth : 0);
}

void BenchDatagrams::run(BenchGate& gate, Semaphore& connecting) {
  bool is_open = false;
  if (connecting.acquire()) {
    is_open = open();
    connecting.release();
  }
  const auto times = gate.pass();
  if (!times || !is_open) return;
  schedule_.emplace(plan_.options, *times, index_);
  converse();
}

bool BenchDatagrams::open() {
  auto socket = connect_datagrams(plan_.endpoint, socket_options(plan_));
  if (socket) {
    socket_.emplace(*std::move(socket));
    return true;
  }
  const Error& error = socket.error();
  if (error.kind != ErrorKind::cancelled) tally_.add(fault_of_connect(error), error);
  return false;
}

void BenchDatagrams::converse() {
  for (;;) {
    const Instant at = exact_now();
    if (!send_due(at)) return;
    if (free_.size() == places_.size() && !schedule_->next(at)) return;
    const auto replies = socket_->receive_batch(wait_limit(at));
    const Instant now = exact_now();
    if (replies) {
      for (const Datagram& each : *replies) take(each, now);
    } else if (replies.error().kind != ErrorKind::timed_out && !lose(replies.error())) {
      return;
    }
    if (now >= next_expiry_) expire(now);
  }
}

/// Sends what is due. Returns false if that cannot go on.
bool BenchDatagrams::send_due(Instant at) {
  outgoing_.clear();
  while (!free_.empty()) {
    const auto due = schedule_->next(at);
    if (!due || *due > at) break;
    schedule_->advance(*due);
    compose(places_[free_.back()], *due, at);
    free_.pop_back();
  }
  if (outgoing_.empty()) return true;
  // What is not sent is lost.
  const auto sent = socket_->send_batch(outgoing_);
  return sent || lose(sent.error());
}

void BenchDatagrams::compose(Place& place, Instant due, Instant at) {
  const auto index = static_cast<std::size_t>(&place - places_.data());
  const auto step = static_cast<std::uint32_t>(places_.size());
  const bool is_last = place.number > UINT32_MAX - step;
  place.number = is_last ? static_cast<std::uint32_t>(index) : place.number + step;
  place.is_waiting = true;
  place.due = due;
  place.sent = at;
  const Bytes payload = plan_.messages.payload(place.number);
  if (!plan_.has_numbers()) {
    outgoing_.push_back({payload});
    return;
  }
  composed_[index].assign(as_text(payload));
  BenchNumber::put(place.number, as_writable_bytes(composed_[index]));
  outgoing_.push_back({as_bytes(composed_[index])});
}

Deadline BenchDatagrams::wait_limit(Instant at) const {
  Deadline limit = Deadline::never();
  if (free_.size() < places_.size() && plan_.options.timeout != kNoTimeout) {
    limit = Deadline::at(std::max(next_expiry_, at));
  }
  if (free_.empty()) return limit;
  const auto due = schedule_->next(at);
  return due ? Deadline::earliest(limit, Deadline::at(*due)) : limit;
}

/// Gives up the datagrams that have waited for too long.
void BenchDatagrams::expire(Instant at) {
  const Duration timeout = plan_.options.timeout;
  if (timeout == kNoTimeout) return;
  next_expiry_ = at + timeout / kExpiriesInTimeout;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    if (!place.is_waiting || at - place.sent < timeout) continue;
    place.is_waiting = false;
    free_.push_back(i);
    count_bound(place, at);
    tally_.add(BenchFault::unanswered,
               make_error(ErrorKind::timed_out, "receive from", plan_.endpoint.to_string(),
                          "no reply within " + format_duration(timeout),
                          "is the server running, and on that port? A datagram may also be lost: "
                          "fewer --connections, a lower --depth or a --rate loses fewer"));
  }
}

void BenchDatagrams::take(const Datagram& reply, Instant at) {
  Place* const place = place_of(reply.bytes);
  if (place == nullptr) {
    tally_.add(BenchFault::surplus,
               plan_.reply_error("a reply came that no datagram waits for: it is late, or came "
                                 "twice"));
    return;
  }
  if (const std::string fault = fault_of(*place, reply); !fault.empty()) {
    tally_.add(BenchFault::wrong, plan_.reply_error("a wrong reply: " + fault));
  } else {
    tally_.add_reply(schedule_->times(), place->due, at, plan_.messages.bytes(),
                     reply.bytes.size());
    patience_.renew();
  }
  place->is_waiting = false;
  free_.push_back(static_cast<std::size_t>(place - places_.data()));
}

/// Returns where the datagram waits to which `reply` belongs; null if none waits. Without a number
/// it belongs to the only one, and so does one with a number that was never sent.
BenchDatagrams::Place* BenchDatagrams::place_of(Bytes reply) {
  const auto number = plan_.has_numbers() ? BenchNumber::take(reply) : std::nullopt;
  if (number) {
    Place& place = places_[*number % places_.size()];
    return place.is_waiting && place.number == *number ? &place : nullptr;
  }
  const auto waiting = std::ranges::find(places_, true, &Place::is_waiting);
  return waiting == places_.end() ? nullptr : &*waiting;
}

std::string BenchDatagrams::fault_of(const Place& place, const Datagram& reply) const {
  if (reply.is_truncated) return "it is longer than " + std::to_string(plan_.messages.bytes());
  const bool has_number = plan_.has_numbers();
  if (has_number && !BenchNumber::take(reply.bytes)) return "it does not begin with a number";
  return plan_.messages.fault_of(place.number, reply.bytes, has_number ? BenchNumber::kBytes : 0);
}

/// Counts a failure of the socket, which stays. Returns false if the load on it cannot go on.
bool BenchDatagrams::lose(const Error& error) {
  if (error.kind == ErrorKind::cancelled) {
    const Instant at = exact_now();
    for (const Place& each : places_) {
      if (each.is_waiting) count_bound(each, at);
    }
    return false;
  }
  tally_.add(fault_of_end(error), error);
  if (!patience_.ends_at(exact_now())) return sleep_for(patience_.next_pause()).has_value();
  const std::size_t waiting = places_.size() - free_.size();
  if (waiting > 0) tally_.add(BenchFault::unanswered, error, waiting);
  return false;
}

void BenchDatagrams::count_bound(const Place& place, Instant at) {
  if (plan_.options.rate) tally_.add_bound(schedule_->times(), place.due, at);
}

}  // namespace hotline::cli
