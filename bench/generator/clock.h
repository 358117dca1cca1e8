#pragma once

#include <cstdint>
#include <ctime>

namespace bench {

using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000 * kMillisecond;
// How long a silent server is waited for before the run fails.
inline constexpr Nanoseconds kSilenceMax = 5 * kSecond;

inline Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

inline Nanoseconds now() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace bench
