#include "services/reply_loops.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::reply_loops_test {
namespace {

using services::ReplyLoops;
using std::chrono::milliseconds;

constexpr Instant kStart{std::chrono::hours(1)};

/// Counts `count` datagrams of `key`, `pause` apart, and returns how many are due.
int count_due(ReplyLoops& loops, std::size_t key, std::uint32_t count, Duration pause) {
  int due = 0;
  for (std::uint32_t i = 0; i < count; ++i) due += loops.is_due(key, kStart + i * pause) ? 1 : 0;
  return due;
}

}  // namespace

TEST_CASE("one datagram of each kTurns is due, and none before") {
  const auto loops = std::make_unique<ReplyLoops>();
  CHECK(count_due(*loops, 7, ReplyLoops::kTurns - 1, milliseconds(0)) == 0);
  CHECK(loops->is_due(7, kStart));
  CHECK(count_due(*loops, 7, ReplyLoops::kTurns - 1, milliseconds(0)) == 0);
  CHECK(loops->is_due(7, kStart));
}

TEST_CASE("the number of turns can be chosen") {
  const auto loops = std::make_unique<ReplyLoops>(3);
  CHECK(count_due(*loops, 7, 2, milliseconds(0)) == 0);
  CHECK(loops->is_due(7, kStart));
  CHECK(count_due(*loops, 7, 6, milliseconds(0)) == 2);
}

TEST_CASE("an exchange can stay due until it pauses") {
  const auto loops = std::make_unique<ReplyLoops>(3, ReplyLoops::After::stays_due);
  CHECK(count_due(*loops, 7, 10, ReplyLoops::kPause) == 8);
  const Instant end = kStart + 9 * ReplyLoops::kPause;
  CHECK(loops->is_due(7, end + ReplyLoops::kPause));
  const Instant after = end + 2 * ReplyLoops::kPause + milliseconds(1);
  CHECK_FALSE(loops->is_due(7, after));
  CHECK_FALSE(loops->is_due(7, after));
  CHECK(loops->is_due(7, after));
  CHECK_FALSE(loops->is_due(8, after));
}

TEST_CASE("a pause up to kPause is part of a loop, a longer one begins anew") {
  const auto within = std::make_unique<ReplyLoops>();
  CHECK(count_due(*within, 1, ReplyLoops::kTurns, ReplyLoops::kPause) == 1);
  const auto beyond = std::make_unique<ReplyLoops>();
  CHECK(count_due(*beyond, 1, 3 * ReplyLoops::kTurns, ReplyLoops::kPause + milliseconds(1)) == 0);
}

TEST_CASE("each key has a count of its own") {
  const auto loops = std::make_unique<ReplyLoops>();
  for (std::size_t key = 0; key < 5; ++key) {
    CHECK(count_due(*loops, key, ReplyLoops::kTurns - 1, milliseconds(0)) == 0);
  }
}

TEST_CASE("threads that count together miss none") {
  const auto loops = std::make_unique<ReplyLoops>();
  constexpr int kThreads = 4;
  std::atomic<int> due = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] { due += count_due(*loops, 3, ReplyLoops::kTurns, milliseconds(0)); });
  }
  for (std::thread& each : threads) each.join();
  CHECK(due == kThreads);
}

}  // namespace hotline::reply_loops_test
