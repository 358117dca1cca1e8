#include "services/ntp_selection.h"

#include <chrono>

#include <doctest/doctest.h>

namespace hotline::services::ntp_selection_test {
namespace {

using namespace std::chrono_literals;

/// The clocks at a time since the first sample, if the wall clock was set by `step`.
ClockReading at(Duration since, Duration step = {}) {
  return {std::chrono::system_clock::time_point(1'800'000'000s) + since + step,
          Instant(1000s) + since};
}

NtpSample sample(Duration offset, Duration delay, Duration since = {}) {
  NtpSample made;
  made.offset = offset;
  made.delay = delay;
  made.dispersion = 1us;
  made.taken_at = at(since);
  return made;
}

NtpReport report(std::vector<NtpSample> samples, Duration since = 10s) {
  const auto made = report_on_ntp(std::move(samples), at(since));
  REQUIRE(made);
  return *made;
}

}  // namespace

TEST_CASE("the sample with the least delay is the best one") {
  CHECK(report({sample(3ms, 9ms), sample(1ms, 2ms), sample(4ms, 8ms)}).best.offset == 1ms);
}

TEST_CASE("an old sample is worse than a new one with about the same delay") {
  CHECK(report({sample(1ms, 2ms), sample(2ms, 2ms + 1us, 9s)}).best.offset == 2ms);
}

TEST_CASE("the error of the best sample grows with its age, by 15 millionths") {
  const NtpSample only = sample(1ms, 2ms);
  const Duration grown = report({only}, 100s).best.error_max() - only.error_max();
  CHECK(grown >= 1500us);
  CHECK(grown < 1501us);
}

TEST_CASE("what the clock has gone wrong by unnoticed adds to the error") {
  const auto made = report_on_ntp({sample(1ms, 2ms)}, at(0s, 900us));
  REQUIRE(made);
  CHECK(made->best.error_max() >= 1ms + 1us + 900us);
}

TEST_CASE("jitter is the root mean square of the differences to the best offset") {
  CHECK(report({sample(1ms, 2ms)}).jitter == 0s);
  CHECK(report({sample(1ms, 2ms), sample(1ms + 300us, 4ms)}).jitter == 300us);
  CHECK(report({sample(1ms, 2ms), sample(1ms + 300us, 4ms), sample(1ms - 400us, 4ms)}).jitter ==
        Duration(353'553));
}

TEST_CASE("samples whose errors do not overlap contradict each other") {
  CHECK(report_on_ntp({sample(0ms, 2ms), sample(2ms, 2ms)}, at(0s)));
  CHECK_FALSE(report_on_ntp({sample(0ms, 2ms), sample(2ms + 3us, 2ms)}, at(0s)));
  CHECK_FALSE(report_on_ntp({sample(0ms, 2ms), sample(-2ms - 3us, 2ms)}, at(0s)));
}

TEST_CASE("samples that are far apart may differ by the drift of a clock that nothing corrects") {
  CHECK(report_on_ntp({sample(0ms, 2ms), sample(6ms, 2ms, 10s)}, at(10s)));
  CHECK_FALSE(report_on_ntp({sample(0ms, 2ms), sample(8ms, 2ms, 10s)}, at(10s)));
}

TEST_CASE("samples from before the clock was set are not used") {
  const auto usable = usable_ntp_samples({sample(1ms, 2ms), sample(2ms, 2ms, 5s)}, at(9s, 2ms * 5));
  CHECK(usable.empty());
  NtpSample later = sample(1ms, 2ms, 5s);
  later.taken_at = at(5s, 1h);
  CHECK(usable_ntp_samples({sample(1ms, 2ms), later}, at(9s, 1h)).size() == 1);
}

TEST_CASE("basic samples are not used beside interleaved ones") {
  NtpSample interleaved = sample(1ms, 2ms, 5s);
  interleaved.mode = NtpExchangeMode::interleaved;
  const auto usable = usable_ntp_samples({sample(2ms, 1ms), interleaved, sample(3ms, 1ms)}, at(9s));
  REQUIRE(usable.size() == 1);
  CHECK(usable.front().offset == 1ms);
  CHECK(usable_ntp_samples({sample(2ms, 1ms), sample(3ms, 1ms)}, at(9s)).size() == 2);
}

}  // namespace hotline::services::ntp_selection_test
