#include "cli/bench_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotline::cli {
namespace {

constexpr double kNanoseconds = 1e9;

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
  const Instant until = std::min(now, times_.end.instant());
  const double seconds = std::chrono::duration<double>(until - times_.begin).count();
  const double due = std::ceil((seconds * *rate_ - static_cast<double>(index_)) /
                               static_cast<double>(connections_));
  auto number = static_cast<std::uint64_t>(std::max(due, 0.0));
  // A fraction may be rounded up.
  while (number > next_ && due_of(number - 1) >= until) --number;
  return std::min(number - std::min(number, next_), left_);
}

}  // namespace hotline::cli
