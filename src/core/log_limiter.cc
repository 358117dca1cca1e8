#include "hotline/core/log_limiter.h"

#include <algorithm>

#include "hotline/core/duration.h"

namespace hotline {

bool LogLimiter::admits(LogLevel level, std::string_view message, std::string_view service,
                        Instant now) {
  if (level < LogLevel::warning) return true;
  const auto [found, is_new] =
      periods_.try_emplace(Kind{level, std::string(message), std::string(service)});
  Period& period = found->second;
  // A period with a count is reported before a new one starts.
  if (is_new || (now >= period.end && period.held == 0)) period = {now + limits_.period, 0, 0};
  if (period.written < limits_.records_max) {
    ++period.written;
    return true;
  }
  ++period.held;
  return false;
}

std::vector<LogLimiter::Held> LogLimiter::take_ended(Instant now) {
  std::vector<Held> taken;
  std::erase_if(periods_, [&](const auto& entry) {
    const auto& [kind, period] = entry;
    if (now < period.end) return false;
    const auto& [level, message, service] = kind;
    if (period.held > 0) taken.push_back({level, message, service, period.held});
    return true;
  });
  return taken;
}

std::vector<LogLimiter::Held> LogLimiter::take_all() { return take_ended(Instant::max()); }

Deadline LogLimiter::next_end() const {
  Deadline next = Deadline::never();
  for (const auto& [kind, period] : periods_) {
    if (period.held > 0) next = std::min(next, Deadline::at(period.end));
  }
  return next;
}

std::string describe_held(std::uint64_t count, const LogLimits& limits) {
  return std::to_string(count) + " more like this in the last " + format_duration(limits.period);
}

}  // namespace hotline
