#include "cli/bench_patience.h"

#include <doctest/doctest.h>

namespace hotline::cli::bench_patience_test {

using namespace std::chrono_literals;

TEST_CASE("a connection without a reply is not made again") {
  CHECK(BenchPatience(10s).ends_at(Instant(1h)));
  CHECK(BenchPatience(kNoTimeout).ends_at(Instant(1h)));
}

TEST_CASE("a connection is made again for three timeouts after the first failure") {
  BenchPatience patience(10s);
  patience.renew();
  CHECK_FALSE(patience.ends_at(Instant(1h)));
  CHECK_FALSE(patience.ends_at(Instant(1h + 30s - 1ns)));
  CHECK(patience.ends_at(Instant(1h + 30s)));
  patience.renew();
  CHECK_FALSE(patience.ends_at(Instant(1h + 31s)));
  CHECK_FALSE(patience.ends_at(Instant(1h + 61s - 1ns)));
  BenchPatience endless(kNoTimeout);
  endless.renew();
  CHECK_FALSE(endless.ends_at(Instant(1h)));
  CHECK_FALSE(endless.ends_at(Instant(1000h)));
}

TEST_CASE("pauses grow until there is a reply") {
  BenchPatience patience(10s);
  for (int i = 0; i < 5; ++i) patience.next_pause();
  CHECK(patience.next_pause() > BackOff::kFirst);
  patience.renew();
  CHECK(patience.next_pause() <= BackOff::kFirst);
}

}  // namespace hotline::cli::bench_patience_test
