#include "services/ntp_timestamp.h"

#include <algorithm>

namespace hotline::services {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kNanoseconds = 1'000'000'000;
/// From the beginning of 1900 to that of 1970.
constexpr std::int64_t kEpochDistance_s = 2'208'988'800;
/// References are within these, so that 68 years more are still a time of the wall clock.
constexpr seconds kReferenceMin(-6'942'672'000);
constexpr seconds kReferenceMax(6'942'672'000);

/// Returns units of 2^-32 seconds for nanoseconds, of which there are less than 10^9.
std::uint64_t fraction_of(std::int64_t nanoseconds) {
  const auto scaled = static_cast<std::uint64_t>(nanoseconds) << 32;
  return (scaled + kNanoseconds / 2) / kNanoseconds;
}

/// Returns the timestamp of a whole second since 1970.
std::uint64_t timestamp_of(seconds time) {
  return static_cast<std::uint64_t>(time.count() + kEpochDistance_s) << 32;
}

/// Returns the nearest number of nanoseconds for a difference of timestamps.
Duration as_duration(std::uint64_t difference) {
  const std::int64_t whole_s = static_cast<std::int64_t>(difference) >> 32;
  const std::uint64_t fraction = difference & 0xffff'ffffU;
  const std::uint64_t nanoseconds = (fraction * kNanoseconds + (1U << 31)) >> 32;
  return Duration(whole_s * kNanoseconds + static_cast<std::int64_t>(nanoseconds));
}

}  // namespace

NtpTimestamp NtpTimestamp::of(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time.time_since_epoch());
  const Duration rest = time.time_since_epoch() - whole;
  const std::uint64_t value = timestamp_of(whole) + fraction_of(rest.count());
  return {value == 0 ? 1 : value};
}

WallTime NtpTimestamp::nearest_to(WallTime reference) const {
  const auto base = std::clamp(std::chrono::floor<seconds>(reference.time_since_epoch()),
                               kReferenceMin, kReferenceMax);
  const Duration since_base = as_duration(value - timestamp_of(base));
  return WallTime(std::chrono::duration_cast<WallTime::duration>(base + since_base));
}

Duration operator-(NtpTimestamp later, NtpTimestamp earlier) {
  return as_duration(later.value - earlier.value);
}

NtpShort NtpShort::of(Duration duration) {
  if (duration <= Duration::zero()) return {};
  if (duration >= seconds(65'536)) return {UINT32_MAX};
  const auto scaled = static_cast<std::uint64_t>(duration.count()) << 16;
  const std::uint64_t rounded = (scaled + kNanoseconds - 1) / kNanoseconds;
  return {static_cast<std::uint32_t>(std::min<std::uint64_t>(rounded, UINT32_MAX))};
}

Duration NtpShort::duration() const {
  const std::uint64_t scaled = value * static_cast<std::uint64_t>(kNanoseconds);
  return Duration((scaled + 0xffffU) >> 16);
}

}  // namespace hotline::services
