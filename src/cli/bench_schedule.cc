#include "cli/bench_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotline::cli {
namespace {

constexpr double kNanoseconds = 1e9;

/// So many groups of missed messages would be counted if all had the size of the largest.
constexpr std::uint64_t kGroups = 256;

std::uint64_t share_of(const BenchOptions& options, std::size_t index) {
  if (!options.messages) return std::numeric_limits<std::uint64_t>::max();
  const std::size_t rest = *options.messages % options.connections;
  return *options.messages / options.connections + (index < rest ? 1 : 0);
}

}  // namespace

BenchTimes BenchTimes::of(const BenchOptions& options, Instant begin) {
  BenchTimes times{.begin = begin, .measured_from = begin + options.warm_up};
  if (options.duration) times.end = Deadline::after(times.measured_from, *options.duration);
  return times;
}

BenchSchedule::BenchSchedule(const BenchOptions& options, const BenchTimes& times,
                             std::size_t index)
    : times_(times),
      index_(index),
      connections_(options.connections),
      left_(share_of(options, index)) {
  if (options.rate) rate_ = static_cast<double>(*options.rate);
}

Instant BenchSchedule::due_of(std::uint64_t number) const {
  const auto among_all = static_cast<double>(index_ + number * connections_);
  return times_.begin + Duration(static_cast<Duration::rep>(among_all / *rate_ * kNanoseconds));
}

std::optional<Instant> BenchSchedule::next(Instant now) const {
  if (left_ == 0 || times_.end.has_passed(now)) return std::nullopt;
  if (!rate_) return now;
  return std::min(due_of(next_), times_.end.instant());
}

void BenchSchedule::advance(Instant due) {
  ++next_;
  if (is_measured(due) && left_ != std::numeric_limits<std::uint64_t>::max()) --left_;
}

std::uint64_t BenchSchedule::missed(Instant now) const {
  if (!rate_) return 0;
  const std::uint64_t number = number_before(until(now));
  const std::uint64_t first = first_missed();
  return std::min(number - std::min(number, first), left_);
}

Histogram BenchSchedule::missed_bounds(Instant now) const {
  Histogram bounds;
  if (!rate_) return bounds;
  const Instant end = until(now);
  std::uint64_t number = first_missed();
  std::uint64_t group = 1;
  for (std::uint64_t left = missed(now); left > 0; left -= group, number += group) {
    bounds.record((end - due_of(number + group - 1)).count(), group);
    if (left > group) group = std::clamp((left - group) / kGroups, std::uint64_t{1}, left - group);
  }
  return bounds;
}

Instant BenchSchedule::until(Instant now) const { return std::min(now, times_.end.instant()); }

/// Returns how many messages are due before `until`.
std::uint64_t BenchSchedule::number_before(Instant until) const {
  const double seconds = std::chrono::duration<double>(until - times_.begin).count();
  const double due = std::ceil((seconds * *rate_ - static_cast<double>(index_)) /
                               static_cast<double>(connections_));
  auto number = static_cast<std::uint64_t>(std::max(due, 0.0));
  // A fraction may be rounded up, or down.
  while (number > 0 && due_of(number - 1) >= until) --number;
  while (due_of(number) < until) ++number;
  return number;
}

std::uint64_t BenchSchedule::first_missed() const {
  return std::max(next_, number_before(times_.measured_from));
}

}  // namespace hotline::cli
