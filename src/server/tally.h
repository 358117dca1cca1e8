#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/server/counters.h"

namespace hotline::server {

/// What one loop, thread or process counts of its messages, in cache lines of its own. One thread
/// at a time writes it, with plain stores; any thread may read it.
struct alignas(64) MessageCell {
  using Count = std::atomic<std::uint64_t>;

  static void add(Count& count, std::uint64_t more) {
    count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }

  Count messages = 0;
  Count bytes_received = 0;
  Count bytes_sent = 0;
  std::array<Count, DurationHistogram{}.counts.size()> latency{};

  std::atomic<bool> is_lent = true;
  MessageCell* next = nullptr;
};

/// What a service has done so far: where it is counted, and summed when it is read. Any thread.
///
/// There is no lock in it, for a process may be forked while another thread reads.
class alignas(64) Tally {
 public:
  Tally() = default;
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally();

  // Once a call, or more seldom.
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> calls_in_flight = 0;
  std::atomic<std::uint64_t> handler_failures = 0;
  std::array<std::atomic<std::uint64_t>, kRefusalCount> refused{};

  void count_refusal(Refusal reason) {
    refused[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }

  /// Returns the sums, each as it was at some moment during the call.
  Counters read() const;

  /// Lends a cell to one thread, until it is given back: its counts stay. Without memory for one
  /// it is a cell that others may have too, and some counts may be lost.
  MessageCell& take_cell() noexcept;
  void give_back(MessageCell& cell) noexcept;

  /// Formats what another process has counted since `before`, for add_report() of the first one.
  std::string report_since(const Counters& before) const;
  void add_report(std::string_view report);

 private:
  std::atomic<MessageCell*> first_ = nullptr;  ///< Of all cells: none goes before the Tally does.
  MessageCell last_resort_;
};

/// The cell of one loop, thread or process for the time that it handles messages. One thread; the
/// Tally outlives it.
class MessageCount {
 public:
  explicit MessageCount(Tally& tally) : tally_(tally), cell_(tally.take_cell()) {}
  MessageCount(const MessageCount&) = delete;
  MessageCount& operator=(const MessageCount&) = delete;
  ~MessageCount() { tally_.give_back(cell_); }

  /// A message of so many bytes was given to its handler.
  void add_message(std::size_t bytes) {
    MessageCell::add(cell_.messages, 1);
    MessageCell::add(cell_.bytes_received, bytes);
  }

  /// A reply of so many bytes goes.
  void add_reply(std::size_t bytes) { MessageCell::add(cell_.bytes_sent, bytes); }

  /// Returns whether the latency of what is handled next is to be measured: a clock is read for
  /// one in eight.
  bool is_sample_due() { return ++turn_ % kTurnsOfSample == 0; }
  void add_latency(Duration latency) {
    MessageCell::add(cell_.latency[DurationHistogram::range_of(latency)], 1);
  }

 private:
  static constexpr unsigned kTurnsOfSample = 8;

  Tally& tally_;
  MessageCell& cell_;
  unsigned turn_ = 0;
};

}  // namespace hotline::server
