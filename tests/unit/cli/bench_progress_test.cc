#include "cli/bench_progress.h"

#include <doctest/doctest.h>

namespace hotline::cli::bench_progress_test {

using namespace std::chrono_literals;

TEST_CASE("the seconds of several loops are added up until they are taken") {
  BenchSecond one{.bytes = 10, .faults = 1};
  one.latencies.record(5);
  BenchProgress progress;
  progress.add(one);
  progress.add(one);
  const BenchSecond both = progress.take();
  CHECK(both.latencies.total() == 2);
  CHECK(both.bytes == 20);
  CHECK(both.faults == 2);
  CHECK(progress.take().latencies.total() == 0);
}

TEST_CASE("a line has the rates and latencies of a second, and errors if there are some") {
  BenchSecond second{.bytes = 2048};
  second.latencies.record(40'000, 1'200);
  CHECK(progress_line(second, 3s, 0s) ==
        "3s  1,200/s  2.0 KiB/s  p50 40.00 us  p99 40.00 us  max 40.00 us");
  second.faults = 7;
  CHECK(progress_line(second, 3s, 0s).ends_with("  errors 7"));
  CHECK(progress_line(second, 2s, 2s) == "2s  warm-up");
}

}  // namespace hotline::cli::bench_progress_test
