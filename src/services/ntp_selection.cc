#include "services/ntp_selection.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "services/clock_watch.h"
#include "services/ntp_association.h"

namespace hotline::services {
namespace {

/// Returns `sample` as it is at `now`: its error has grown.
NtpSample aged(NtpSample sample, const ClockReading& now) {
  sample.dispersion +=
      ntp_drift(now.monotonic - sample.taken_at.monotonic) + wall_clock_error(sample.taken_at, now);
  return sample;
}

/// Returns true if both offsets can be right. A clock that nothing corrects may go wrong faster
/// than RFC 5905 assumes.
bool agree(const NtpSample& one, const NtpSample& other) {
  constexpr std::int64_t kDriftPerMillion = 500;
  const Duration apart =
      std::chrono::abs(Duration(one.taken_at.monotonic - other.taken_at.monotonic));
  const Duration allowed =
      one.error_max() + other.error_max() + apart / 1'000'000 * kDriftPerMillion;
  return std::chrono::abs(one.offset - other.offset) <= allowed;
}

Duration jitter_of(const std::vector<NtpSample>& samples, const NtpSample& best) {
  if (samples.size() < 2) return {};
  double sum = 0;
  for (const NtpSample& each : samples) {
    sum += std::pow(static_cast<double>((each.offset - best.offset).count()), 2);
  }
  const double mean = sum / static_cast<double>(samples.size() - 1);
  return Duration(static_cast<Duration::rep>(std::sqrt(mean)));
}

}  // namespace

std::vector<NtpSample> usable_ntp_samples(const std::vector<NtpSample>& samples,
                                          const ClockReading& now) {
  std::vector<NtpSample> usable = samples;
  std::erase_if(usable,
                [&](const NtpSample& each) { return was_wall_clock_set(each.taken_at, now); });
  const auto is_basic = [](const NtpSample& each) { return each.mode == NtpExchangeMode::basic; };
  if (!std::ranges::all_of(usable, is_basic)) std::erase_if(usable, is_basic);
  return usable;
}

std::optional<NtpReport> report_on_ntp(std::vector<NtpSample> samples, const ClockReading& now) {
  const auto error_now = [&](const NtpSample& each) { return aged(each, now).error_max(); };
  NtpReport report;
  report.best = *std::ranges::min_element(samples, {}, error_now);
  for (const NtpSample& each : samples) {
    if (!agree(report.best, each)) return std::nullopt;
  }
  report.jitter = jitter_of(samples, report.best);
  report.best = aged(report.best, now);
  report.samples = std::move(samples);
  return report;
}

}  // namespace hotline::services
