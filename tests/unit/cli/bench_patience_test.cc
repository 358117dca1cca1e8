#include "cli/bench_patience.h"

#include <doctest/doctest.h>

namespace hotline::cli::bench_patience_test {

using namespace std::chrono_literals;

TEST_CASE("a connection without a reply is not made again") {
  CHECK(BenchPatience(10s).is_over(Instant(1h)));
  CHECK(BenchPatience(kNoTimeout).is_over(Instant(1h)));
}

TEST_CASE("a connection is made again for three timeouts after its last reply") {
  BenchPatience patience(10s);
  patience.renew(Instant(1h));
  CHECK_FALSE(patience.is_over(Instant(1h + 30s - 1ns)));
  CHECK(patience.is_over(Instant(1h + 30s)));
  patience.renew(Instant(1h + 20s));
  CHECK_FALSE(patience.is_over(Instant(1h + 30s)));
  BenchPatience endless(kNoTimeout);
  endless.renew(Instant(1h));
  CHECK_FALSE(endless.is_over(Instant(1000h)));
}

TEST_CASE("pauses grow until there is a reply") {
  BenchPatience patience(10s);
  for (int i = 0; i < 5; ++i) patience.next_pause();
  CHECK(patience.next_pause() > BackOff::kFirst);
  patience.renew(Instant(1h));
  CHECK(patience.next_pause() <= BackOff::kFirst);
}

}  // namespace hotline::cli::bench_patience_test
