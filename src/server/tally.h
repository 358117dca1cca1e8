#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/server/counters.h"

namespace hotline::server {

/// The message counts of one loop, thread or process, in cache lines of their own. One thread at a
/// time writes them, with plain stores; any thread may read them.
struct alignas(64) MessageCell {
  using Count = std::atomic<std::uint64_t>;

  static void add(Count& count, std::uint64_t more) {
    count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }

  Count messages = 0;
  Count replies = 0;
  Count bytes_received = 0;
  Count bytes_sent = 0;
  std::array<Count, DurationHistogram{}.counts.size()> latency{};

  std::atomic<bool> is_lent = true;
  MessageCell* next = nullptr;
};

/// Counts what a service has done. The counts of all threads are added when they are read. Any
/// thread. It has no lock, because a process may fork while another thread reads.
class alignas(64) Tally {
 public:
  Tally() = default;
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally();

  // Changed once per call, or less often.
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> calls_in_flight = 0;
  std::atomic<std::uint64_t> authenticated = 0;
  std::atomic<std::uint64_t> handler_failures = 0;
  std::atomic<std::uint64_t> error_replies = 0;
  std::array<std::atomic<std::uint64_t>, kRefusalCount> refused{};

  void count_refusal(Refusal reason) {
    refused[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }

  /// Returns the sums. They are not from one moment: each count is from some time during the call.
  Counters read() const;

  /// Lends a cell to one thread until it is given back; its counts stay. Without memory it returns
  /// a cell that other threads may use too, and some counts may be lost.
  MessageCell& take_cell() noexcept;
  void give_back(MessageCell& cell) noexcept;

  /// Formats what another process has counted since `before`, for add_report() of the first one.
  std::string report_since(const Counters& before) const;
  void add_report(std::string_view report);

 private:
  std::atomic<MessageCell*> first_ =
      nullptr;  ///< The list of all cells, which live as long as the Tally.
  MessageCell last_resort_;
};

/// Holds the cell of one loop, thread or process while that handles messages. One thread. The Tally
/// must outlive it.
class MessageCount {
 public:
  explicit MessageCount(Tally& tally) : tally_(tally), cell_(tally.take_cell()) {}
  MessageCount(const MessageCount&) = delete;
  MessageCount& operator=(const MessageCount&) = delete;
  ~MessageCount() { tally_.give_back(cell_); }

  /// Counts a message of `bytes` that was passed to its handler.
  void add_message(std::size_t bytes) {
    MessageCell::add(cell_.messages, 1);
    MessageCell::add(cell_.bytes_received, bytes);
  }

  /// Counts a reply of `bytes` that is sent.
  void add_reply(std::size_t bytes) { add_replies(1, bytes); }

  /// Counts replies that are sent and have `bytes` together.
  void add_replies(std::size_t count, std::size_t bytes) {
    MessageCell::add(cell_.replies, count);
    MessageCell::add(cell_.bytes_sent, bytes);
  }

  /// Returns true if the latency of the next messages is to be measured: one time in eight, because
  /// it reads a clock.
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
