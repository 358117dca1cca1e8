#include "server/tally.h"

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::server::tally_test {

TEST_CASE("a tally begins at nothing, and is read as it was counted") {
  Tally tally;
  CHECK(tally.read() == Counters());
  tally.calls = 5;
  tally.calls_in_flight = 2;
  CHECK(tally.read().calls == 5);
  CHECK(tally.read().calls_in_flight == 2);
}

TEST_CASE("what a cell has counted stays when it is given back, and it is lent again") {
  Tally tally;
  for (int i = 0; i < 3; ++i) {
    MessageCount count(tally);
    count.add_message(10);
    count.add_reply(4);
    count.add_latency(std::chrono::microseconds(1));
    CHECK(tally.read().messages == static_cast<std::uint64_t>(i) + 1);
  }
  MessageCell& cell = tally.take_cell();
  CHECK(cell.messages == 3);
  CHECK(&tally.take_cell() != &cell);
  tally.give_back(cell);
  CHECK(&tally.take_cell() == &cell);
  CHECK(tally.read().bytes_received == 30);
  CHECK(tally.read().bytes_sent == 12);
  CHECK(tally.read().latency.counts[1] == 3);
}

TEST_CASE("one in eight is measured") {
  Tally tally;
  MessageCount count(tally);
  int due = 0;
  for (int i = 0; i < 80; ++i) due += count.is_sample_due() ? 1 : 0;
  CHECK(due == 10);
}

TEST_CASE("nothing is lost where many threads count and others read") {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kRounds = 500;
  Tally tally;
  std::atomic<bool> has_ended = false;
  std::thread reader([&] {
    std::uint64_t before = 0;
    while (!has_ended) {
      const Counters now = tally.read();
      CHECK(now.messages >= before);
      CHECK(now.calls_in_flight <= kThreads);
      before = now.messages;
    }
  });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (std::uint64_t round = 0; round < kRounds; ++round) {
          tally.calls_in_flight.fetch_add(1, std::memory_order_relaxed);
          MessageCount(tally).add_message(2);
          tally.calls_in_flight.fetch_sub(1, std::memory_order_relaxed);
        }
      });
    }
  }
  has_ended = true;
  reader.join();
  CHECK(tally.read().messages == kThreads * kRounds);
  CHECK(tally.read().bytes_received == 2 * kThreads * kRounds);
  CHECK(tally.read().calls_in_flight == 0);
}

TEST_CASE("a report of another process adds what that has counted, and nothing else") {
  Tally child;
  child.calls = 9;
  {
    MessageCount count(child);
    count.add_message(100);
  }
  const Counters before = child.read();
  {
    MessageCount count(child);
    count.add_message(7);
    count.add_reply(8);
    count.add_latency(std::chrono::hours(1));
  }
  child.handler_failures = 2;
  Tally parent;
  parent.add_report(child.report_since(before));
  parent.add_report("");
  const Counters sum = parent.read();
  CHECK(sum.messages == 1);
  CHECK(sum.bytes_received == 7);
  CHECK(sum.bytes_sent == 8);
  CHECK(sum.handler_failures == 2);
  CHECK(sum.calls == 0);
  CHECK(sum.latency.total() == 1);
  CHECK(sum.latency.counts.back() == 1);
}

TEST_CASE("a report is not empty even if nothing was counted") {
  const Tally tally;
  CHECK_FALSE(tally.report_since(tally.read()).empty());
}

}  // namespace hotline::server::tally_test
