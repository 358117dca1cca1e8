#include "hotline/server/counters.h"

#include <numeric>

namespace hotline {
namespace {

constexpr std::array<std::string_view, kRefusalCount> kNames = {"too_many_from_address",
                                                                "not_allowed",
                                                                "not_authenticated",
                                                                "too_many_unauthenticated",
                                                                "penalised",
                                                                "no_descriptor",
                                                                "no_memory",
                                                                "no_worker"};

template <std::size_t kSize>
void add(std::array<std::uint64_t, kSize>& to, const std::array<std::uint64_t, kSize>& other) {
  for (std::size_t i = 0; i < kSize; ++i) to[i] += other[i];
}

template <std::size_t kSize>
std::uint64_t sum(const std::array<std::uint64_t, kSize>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

std::string_view name_of(Refusal reason) { return kNames[static_cast<std::size_t>(reason)]; }

std::uint64_t DurationHistogram::total() const { return sum(counts); }

Duration DurationHistogram::quantile(double part) const {
  const auto wanted = static_cast<double>(total()) * std::clamp(part, 0.0, 1.0);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    if (below > 0 && static_cast<double>(below) >= wanted) return upper_bound_of(i);
  }
  return Duration::zero();
}

DurationHistogram& DurationHistogram::operator+=(const DurationHistogram& other) {
  add(counts, other.counts);
  return *this;
}

std::uint64_t Counters::refusals() const { return sum(refused); }

Counters& Counters::operator+=(const Counters& other) {
  calls += other.calls;
  calls_in_flight += other.calls_in_flight;
  authenticated += other.authenticated;
  messages += other.messages;
  replies += other.replies;
  error_replies += other.error_replies;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  handler_failures += other.handler_failures;
  add(refused, other.refused);
  latency += other.latency;
  return *this;
}

}  // namespace hotline
