#include "services/ntp_timestamp.h"

#include <chrono>
#include <cstdint>

#include <doctest/doctest.h>

namespace hotline::services::ntp_timestamp_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;

/// The first second of era 1.
constexpr auto kEra1 = sys_days(year(2036) / 2 / 7) + 6h + 28min + 16s;
constexpr WallTime kNow = sys_days(year(2026) / 11 / 27) + 12h;

std::uint64_t whole(std::uint64_t seconds) { return seconds << 32; }

WallTime at(auto time) { return std::chrono::time_point_cast<WallTime::duration>(time); }

}  // namespace

TEST_CASE("a timestamp counts seconds since 1900 and units of 2^-32 seconds") {
  CHECK(NtpTimestamp::of(at(sys_days(year(1970) / 1 / 1))).value == whole(2'208'988'800));
  CHECK(NtpTimestamp::of(WallTime(1s)).value == whole(2'208'988'801));
  CHECK(NtpTimestamp::of(WallTime(500ms)).value == whole(2'208'988'800) + (1ULL << 31));
  CHECK(NtpTimestamp::of(WallTime(-500ms)).value == whole(2'208'988'799) + (1ULL << 31));
  CHECK(NtpTimestamp::of(at(sys_days(year(1900) / 1 / 1) + 1s)).value == whole(1));
}

TEST_CASE("the last second of era 0 is followed by the first one of era 1") {
  CHECK(NtpTimestamp::of(at(kEra1 - 1s)).value == whole(0xffff'ffffU));
  CHECK(NtpTimestamp::of(at(kEra1 + 1s)).value == whole(1));
  CHECK(NtpTimestamp::of(at(kEra1 - 1ns)).value == whole(0xffff'ffffU) + 0xffff'fffcU);
}

TEST_CASE("no time becomes the timestamp 0, which means that the time is unknown") {
  CHECK(NtpTimestamp::of(at(kEra1)).value == 1);
  CHECK(NtpTimestamp::of(at(kEra1)).nearest_to(kNow) == at(kEra1));
  CHECK(NtpTimestamp::of(at(sys_days(year(1900) / 1 / 1))).is_set());
  CHECK_FALSE(NtpTimestamp().is_set());
}

TEST_CASE("each nanosecond is the same after a timestamp was made of it") {
  for (std::int64_t nanoseconds = 0; nanoseconds < 1'000'000'000; nanoseconds += 999'983) {
    const WallTime time = kNow + Duration(nanoseconds);
    REQUIRE(NtpTimestamp::of(time).nearest_to(kNow) == time);
  }
  for (const std::int64_t nanoseconds : {1, 2, 3, 500'000'000, 999'999'998, 999'999'999}) {
    REQUIRE(NtpTimestamp::of(kNow + Duration(nanoseconds)).nearest_to(kNow) ==
            kNow + Duration(nanoseconds));
  }
}

TEST_CASE("a timestamp is decoded as the time that is nearest to the reference") {
  const WallTime before = at(kEra1 - 10s);
  const WallTime after = at(kEra1 + 10s);
  for (const WallTime reference : {before, after, kNow, at(kEra1 + days(20'000))}) {
    CHECK(NtpTimestamp::of(before).nearest_to(reference) == before);
    CHECK(NtpTimestamp::of(after).nearest_to(reference) == after);
  }
}

TEST_CASE("the same timestamp is a time of each era") {
  constexpr auto kEra = std::chrono::seconds(1LL << 32);
  const NtpTimestamp stamp = NtpTimestamp::of(kNow);
  CHECK(stamp.nearest_to(kNow + kEra) == kNow + kEra);
  CHECK(stamp.nearest_to(kNow - kEra) == kNow - kEra);
  CHECK(stamp.nearest_to(kNow + kEra / 2 - 1s) == kNow);
  CHECK(stamp.nearest_to(kNow + kEra / 2 + 1s) == kNow + kEra);
}

TEST_CASE("a reference at the end of the clock causes no overflow") {
  for (const WallTime reference : {WallTime::min(), WallTime::max()}) {
    for (const std::uint64_t value : {0ULL, 1ULL, 1ULL << 63, (1ULL << 63) - 1, ~0ULL}) {
      const WallTime time = NtpTimestamp{value}.nearest_to(reference);
      CHECK((reference == WallTime::min() ? time < WallTime(0s) : time > WallTime(0s)));
    }
  }
}

TEST_CASE("a difference has a sign and is right across the boundary of two eras") {
  const auto stamp = [](auto time) { return NtpTimestamp::of(at(time)); };
  CHECK(stamp(kNow + 3ns) - stamp(kNow) == 3ns);
  CHECK(stamp(kNow) - stamp(kNow + 3ns) == -3ns);
  CHECK(stamp(kEra1 + 2s) - stamp(kEra1 - 3s) == 5s);
  CHECK(stamp(kEra1 - 3s) - stamp(kEra1 + 2s) == -5s);
  CHECK(stamp(kEra1 + 1ns) - stamp(kEra1 - 1ns) == 2ns);
}

TEST_CASE("the greatest differences are 68 years") {
  CHECK(NtpTimestamp{(1ULL << 63) - 1} - NtpTimestamp{0} == std::chrono::seconds(1LL << 31));
  CHECK(NtpTimestamp{1ULL << 63} - NtpTimestamp{0} == -std::chrono::seconds(1LL << 31));
  CHECK(NtpTimestamp{0} - NtpTimestamp{~0ULL} == 0ns);
}

TEST_CASE("a short is rounded up, so that a bound is never understated") {
  CHECK(NtpShort::of(0ns).value == 0);
  CHECK(NtpShort::of(1ns).value == 1);
  CHECK(NtpShort::of(1s).value == 65'536);
  CHECK(NtpShort::of(1s + 1ns).value == 65'537);
  CHECK(NtpShort{1}.duration() == 15'259ns);
  CHECK(NtpShort{65'536}.duration() == 1s);
  CHECK(NtpShort::of(15'258ns).value == 1);
  CHECK(NtpShort::of(15'259ns).value == 2);
}

TEST_CASE("a short saturates at both ends") {
  CHECK(NtpShort::of(-1ns).value == 0);
  CHECK(NtpShort::of(Duration::min()).value == 0);
  CHECK(NtpShort::of(65'535s).value == 0xffff'0000U);
  CHECK(NtpShort::of(65'535s + 1ns).value == 0xffff'0001U);
  CHECK(NtpShort::of(65'536s - 15'259ns).value == 0xffff'ffffU);
  CHECK(NtpShort::of(65'536s - 15'260ns).value == 0xffff'ffffU);
  CHECK(NtpShort::of(65'536s - 30'518ns).value == 0xffff'fffeU);
  CHECK(NtpShort::of(65'536s - 1ns).value == UINT32_MAX);
  CHECK(NtpShort::of(65'536s).value == UINT32_MAX);
  CHECK(NtpShort::of(Duration::max()).value == UINT32_MAX);
  CHECK(NtpShort{UINT32_MAX}.duration() <= 65'536s);
  CHECK(NtpShort{UINT32_MAX}.duration() > 65'535s);
}

}  // namespace hotline::services::ntp_timestamp_test
