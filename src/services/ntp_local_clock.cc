#include "services/ntp_local_clock.h"

namespace hotline::services {
namespace {

/// A clock that is its own reference counts as updated this often. Clients take a time of update
/// that changes with each reply for a fault.
constexpr Duration kUpdates = std::chrono::seconds(64);

constexpr std::uint8_t kPrimary = 1;

}  // namespace

NtpClockReport NtpLocalClock::report(const ClockReading& now) {
  const WallTime updated = now.wall - now.wall.time_since_epoch() % kUpdates;
  return {.state = {.leap = NtpLeap::none,
                    .stratum = stratum_,
                    .reference_id = stratum_ == kPrimary ? ntp_code("LOCL") : kNtpLocalClock,
                    .reference_time = updated,
                    .as_of = now.wall}};
}

}  // namespace hotline::services
