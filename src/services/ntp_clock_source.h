#pragma once

#include <string>

#include "hotline/engine/clock.h"
#include "services/ntp_clock_state.h"

namespace hotline::services {

/// A state of the clock, and if it is not synchronised, why.
struct NtpClockReport {
  NtpClockState state{};
  std::string reason{};  ///< Empty if it is synchronised.
  std::string hint{};    ///< What to do then.
};

/// Where a server knows the state of its clock from. Any thread may use it.
class NtpClockSource {
 public:
  NtpClockSource() = default;
  NtpClockSource(const NtpClockSource&) = delete;
  NtpClockSource& operator=(const NtpClockSource&) = delete;
  virtual ~NtpClockSource() = default;

  /// Returns the state at `now`. Does not wait.
  virtual NtpClockReport report(const ClockReading& now) = 0;

  /// Returns true if the state may change by itself: follow() then has to run.
  virtual bool may_change() const { return true; }

  /// Returns true if a request with that transmit time is one that follow() has sent: it has come
  /// back to this server. The state is then unknown.
  virtual bool is_own_request(NtpTimestamp /*transmit_time*/) { return false; }

  /// Keeps the state up to date until the fiber is drained or cancelled. One fiber at a time.
  virtual void follow() {}
};

}  // namespace hotline::services
