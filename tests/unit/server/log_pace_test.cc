#include "server/log_pace.h"

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::server::log_pace_test {

using namespace std::chrono_literals;

TEST_CASE("one record passes in each period, and says how many were held back") {
  LogPace pace(10s);
  const Instant start(1'000s);
  CHECK(pace.pass(start) == 0);
  CHECK_FALSE(pace.pass(start));
  CHECK_FALSE(pace.pass(start + 10s - 1ns));
  CHECK(pace.pass(start + 10s) == 2);
  CHECK_FALSE(pace.pass(start + 11s));
  CHECK(pace.pass(start + 1h) == 1);
  CHECK(pace.pass(start + 2h) == 0);
}

TEST_CASE("of many threads at once one passes, and the others are counted") {
  LogPace pace(10s);
  const Instant start(1'000s);
  std::atomic<int> passed = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) passed += pace.pass(start) ? 1 : 0;
    });
  }
  threads.clear();
  CHECK(passed == 1);
  CHECK(pace.pass(start + 10s) == 3'999);
}

}  // namespace hotline::server::log_pace_test
