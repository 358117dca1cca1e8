#include "server/tally.h"

#include <cassert>
#include <charconv>
#include <new>
#include <utility>

namespace hotline::server {
namespace {

std::uint64_t value_of(const std::atomic<std::uint64_t>& count) {
  return count.load(std::memory_order_relaxed);
}

void add_cell(Counters& sum, const MessageCell& cell) {
  sum.messages += value_of(cell.messages);
  sum.replies += value_of(cell.replies);
  sum.bytes_received += value_of(cell.bytes_received);
  sum.bytes_sent += value_of(cell.bytes_sent);
  for (std::size_t i = 0; i < cell.latency.size(); ++i) {
    sum.latency.counts[i] += value_of(cell.latency[i]);
  }
}

/// Removes and returns the next number of `text`; 0 if there is none.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return number;
}

}  // namespace

Counters Tally::read() const {
  Counters sum;
  sum.calls = value_of(calls);
  sum.calls_in_flight = value_of(calls_in_flight);
  sum.authenticated = value_of(authenticated);
  sum.handler_failures = value_of(handler_failures);
  sum.error_replies = value_of(error_replies);
  for (std::size_t i = 0; i < refused.size(); ++i) sum.refused[i] = value_of(refused[i]);
  add_cell(sum, last_resort_);
  const MessageCell* cell = first_.load(std::memory_order_acquire);
  for (; cell != nullptr; cell = cell->next) add_cell(sum, *cell);
  return sum;
}

Tally::~Tally() {
  for (MessageCell* cell = first_; cell != nullptr;) delete std::exchange(cell, cell->next);
}

MessageCell& Tally::take_cell() noexcept {
  MessageCell* cell = first_.load(std::memory_order_acquire);
  for (; cell != nullptr; cell = cell->next) {
    if (!cell->is_lent.exchange(true, std::memory_order_acquire)) return *cell;
  }
  cell = new (std::nothrow) MessageCell;
  if (cell == nullptr) return last_resort_;
  cell->next = first_.load(std::memory_order_relaxed);
  while (!first_.compare_exchange_weak(cell->next, cell, std::memory_order_release)) {
  }
  return *cell;
}

void Tally::give_back(MessageCell& cell) noexcept {
  assert(cell.is_lent && "a cell is given back once");
  if (&cell != &last_resort_) cell.is_lent.store(false, std::memory_order_release);
}

std::string Tally::report_since(const Counters& before) const {
  const Counters now = read();
  std::string text = std::to_string(now.handler_failures - before.handler_failures);
  const auto append = [&](std::uint64_t count) { text += ' ' + std::to_string(count); };
  append(now.error_replies - before.error_replies);
  append(now.messages - before.messages);
  append(now.replies - before.replies);
  append(now.bytes_received - before.bytes_received);
  append(now.bytes_sent - before.bytes_sent);
  for (std::size_t i = 0; i < now.latency.counts.size(); ++i) {
    append(now.latency.counts[i] - before.latency.counts[i]);
  }
  return text;
}

void Tally::add_report(std::string_view report) {
  handler_failures.fetch_add(take_number(report), std::memory_order_relaxed);
  error_replies.fetch_add(take_number(report), std::memory_order_relaxed);
  MessageCell& cell = take_cell();
  MessageCell::add(cell.messages, take_number(report));
  MessageCell::add(cell.replies, take_number(report));
  MessageCell::add(cell.bytes_received, take_number(report));
  MessageCell::add(cell.bytes_sent, take_number(report));
  for (auto& count : cell.latency) MessageCell::add(count, take_number(report));
  give_back(cell);
}

}  // namespace hotline::server
