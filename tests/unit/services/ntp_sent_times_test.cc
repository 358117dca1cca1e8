#include "services/ntp_sent_times.h"

#include <doctest/doctest.h>

#include <cstdint>

namespace hotline::services::ntp_sent_times_test {
namespace {

constexpr std::uint64_t kFirst = 0xEE000000'00000001;

/// About 4 us apart, as under load.
NtpTimestamp nth(std::uint64_t index) { return {kFirst + index * 17'181}; }

TEST_CASE("a reply is found by its receive time") {
  NtpSentTimes times;
  CHECK_FALSE(times.find(nth(1)));
  times.note(nth(1), {11});
  times.note(nth(2), {22});
  CHECK(times.find(nth(1)) == NtpTimestamp{11});
  CHECK(times.find(nth(2)) == NtpTimestamp{22});
  CHECK_FALSE(times.find(nth(3)));
}

TEST_CASE("a reply that is noted again has its last time") {
  NtpSentTimes times;
  times.note(nth(1), {11});
  times.note(nth(1), {12});
  CHECK(times.find(nth(1)) == NtpTimestamp{12});
}

TEST_CASE("no reply has the time 0") {
  NtpSentTimes times;
  times.note(nth(1), {11});
  CHECK_FALSE(times.find({}));
}

TEST_CASE("after a clear nothing is found") {
  NtpSentTimes times;
  times.clear();
  times.note(nth(1), {11});
  times.clear();
  CHECK_FALSE(times.find(nth(1)));
}

TEST_CASE("of many more replies than there is room for, nearly all of the last ones are found") {
  NtpSentTimes times;
  constexpr std::uint64_t kAll = 4 * NtpSentTimes::kReplies;
  constexpr std::uint64_t kRecent = NtpSentTimes::kReplies / 4;
  for (std::uint64_t i = 0; i < kAll; ++i) times.note(nth(i), {i + 1});
  std::uint64_t found = 0;
  for (std::uint64_t i = kAll - kRecent; i < kAll; ++i) {
    const auto time = times.find(nth(i));
    if (!time) continue;
    ++found;
    CHECK(time->value == i + 1);
  }
  CHECK(found >= kRecent * 99 / 100);
}

}  // namespace
}  // namespace hotline::services::ntp_sent_times_test
