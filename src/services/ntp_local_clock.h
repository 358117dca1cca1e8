#pragma once

#include <cstdint>

#include "services/ntp_clock_source.h"

namespace hotline::services {

/// States that the clock of this machine is right.
class NtpLocalClock final : public NtpClockSource {
 public:
  /// `stratum` is 1 to 15.
  explicit NtpLocalClock(std::uint8_t stratum) : stratum_(stratum) {}

  NtpClockReport report(const ClockReading& now) override;
  bool may_change() const override { return false; }

 private:
  std::uint8_t stratum_;
};

}  // namespace hotline::services
