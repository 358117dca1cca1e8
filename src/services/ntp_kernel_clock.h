#pragma once

#include <mutex>

#include "hotline/core/result.h"
#include "hotline/engine/clock_status.h"
#include "services/ntp_clock_source.h"

namespace hotline::services {

/// The state of the clock as the kernel knows it from the program that sets it: adjtimex(2).
class NtpKernelClock final : public NtpClockSource {
 public:
  /// The kernel does not know the stratum. This one is far from the best, so that clients prefer a
  /// server that knows its own.
  static constexpr std::uint8_t kStratum = 10;

  NtpClockReport report(const ClockReading& now) override;

  /// Same as above, with the status that the kernel reports.
  NtpClockReport report(const Result<ClockStatus>& status, WallTime now);

 private:
  std::mutex mutex_;
  Duration last_error_max_{};  ///< Grows until the clock is updated.
  WallTime updated_at_{};
};

}  // namespace hotline::services
