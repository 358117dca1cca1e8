#pragma once

#include <optional>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/services/ntp_report.h"

namespace hotline::services {

/// Returns the samples that belong together: those that were taken since the clock of this machine
/// was last set, and only the interleaved ones if there are any.
std::vector<NtpSample> usable_ntp_samples(const std::vector<NtpSample>& samples,
                                          const ClockReading& now);

/// Returns a report on `samples`, of which there is at least one. The best one has the least
/// error at `now`, as a rule that with the least delay. Returns nullopt if two samples contradict
/// each other: if their offsets differ by more than both errors allow, then the server's clock was
/// set, or one of the clocks is useless.
std::optional<NtpReport> report_on_ntp(std::vector<NtpSample> samples, const ClockReading& now);

}  // namespace hotline::services
