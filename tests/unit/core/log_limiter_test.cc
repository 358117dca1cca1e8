#include "hotline/core/log_limiter.h"

#include <doctest/doctest.h>

namespace hotline::log_limiter_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr LogLimits kTwoASecond{2, seconds(1)};
constexpr Instant kStart{seconds(100)};

std::vector<std::uint64_t> counts_of(const std::vector<LogLimiter::Held>& held) {
  std::vector<std::uint64_t> counts;
  for (const LogLimiter::Held& each : held) counts.push_back(each.count);
  return counts;
}

}  // namespace

TEST_CASE("a limited number of records of a kind pass in a period, and the others are counted") {
  LogLimiter limiter(kTwoASecond);
  const auto admits = [&] { return limiter.admits(LogLevel::warning, "m", "s", kStart); };
  CHECK(admits());
  CHECK(admits());
  CHECK_FALSE(admits());
  CHECK_FALSE(admits());
  CHECK(limiter.take_ended(kStart + milliseconds(999)).empty());
  const auto held = limiter.take_ended(kStart + seconds(1));
  REQUIRE(held.size() == 1);
  CHECK(held.front().level == LogLevel::warning);
  CHECK(held.front().message == "m");
  CHECK(held.front().service == "s");
  CHECK(held.front().count == 2);
  CHECK(limiter.take_ended(kStart + seconds(2)).empty());
}

TEST_CASE("a kind is a level, a message and a service") {
  LogLimiter limiter({1, seconds(1)});
  CHECK(limiter.admits(LogLevel::warning, "m", "s", kStart));
  CHECK(limiter.admits(LogLevel::error, "m", "s", kStart));
  CHECK(limiter.admits(LogLevel::warning, "n", "s", kStart));
  CHECK(limiter.admits(LogLevel::warning, "m", "t", kStart));
  CHECK_FALSE(limiter.admits(LogLevel::error, "m", "s", kStart));
}

TEST_CASE("records below a warning all pass") {
  LogLimiter limiter({0, seconds(1)});
  for (const LogLevel level : {LogLevel::debug, LogLevel::info}) {
    CHECK(limiter.admits(level, "m", "s", kStart));
  }
  CHECK_FALSE(limiter.admits(LogLevel::warning, "m", "s", kStart));
  CHECK_FALSE(limiter.admits(LogLevel::error, "m", "s", kStart));
}

TEST_CASE("a new period begins when the last one has ended and was reported") {
  LogLimiter limiter({1, seconds(1)});
  CHECK(limiter.admits(LogLevel::warning, "m", "s", kStart));
  CHECK(limiter.admits(LogLevel::warning, "m", "s", kStart + seconds(1)));
  CHECK_FALSE(limiter.admits(LogLevel::warning, "m", "s", kStart + seconds(1)));
  // The count has not been taken yet, so the record still counts.
  CHECK_FALSE(limiter.admits(LogLevel::warning, "m", "s", kStart + seconds(9)));
  CHECK(counts_of(limiter.take_ended(kStart + seconds(9))) == std::vector<std::uint64_t>{2});
  CHECK(limiter.admits(LogLevel::warning, "m", "s", kStart + seconds(9)));
}

TEST_CASE("the next end is that of the earliest period with suppressed records") {
  LogLimiter limiter({1, seconds(1)});
  CHECK(limiter.next_end().is_never());
  limiter.admits(LogLevel::warning, "m", "s", kStart);
  CHECK(limiter.next_end().is_never());
  limiter.admits(LogLevel::warning, "n", "s", kStart + milliseconds(500));
  limiter.admits(LogLevel::warning, "n", "s", kStart + milliseconds(500));
  CHECK(limiter.next_end() == Deadline::at(kStart + milliseconds(1500)));
  limiter.admits(LogLevel::warning, "m", "s", kStart + milliseconds(600));
  CHECK(limiter.next_end() == Deadline::at(kStart + seconds(1)));
}

TEST_CASE("at the end all counts can be taken") {
  LogLimiter limiter({1, seconds(1)});
  limiter.admits(LogLevel::warning, "m", "s", kStart);
  limiter.admits(LogLevel::warning, "m", "s", kStart);
  limiter.admits(LogLevel::warning, "n", "s", kStart);
  CHECK(counts_of(limiter.take_all()) == std::vector<std::uint64_t>{1});
  CHECK(limiter.take_all().empty());
}

TEST_CASE("suppressed records are reported with their count and the length of the period") {
  CHECK(describe_held(12, {20, seconds(10)}) == "12 more like this in the last 10s");
}

}  // namespace hotline::log_limiter_test
