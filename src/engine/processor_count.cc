#include "engine/processor_count.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <thread>

#include "hotline/engine/control_group.h"

namespace hotline::engine {
namespace {

// Linux allows 8,192 on the largest builds.
constexpr std::size_t kProcessorsMax = 65536;

/// Returns 0 if the system does not report it.
unsigned allowed_processors() {
  std::vector<cpu_set_t> sets(kProcessorsMax / CPU_SETSIZE);
  const std::size_t size = sets.size() * sizeof(cpu_set_t);
  if (::sched_getaffinity(0, size, sets.data()) < 0) return 0;
  return static_cast<unsigned>(CPU_COUNT_S(size, sets.data()));
}

std::optional<unsigned> divide_up(std::int64_t quota, std::int64_t period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<unsigned>(
      std::min<std::int64_t>((quota + period - 1) / period, kProcessorsMax));
}

/// Parses `QUOTA PERIOD` or `max PERIOD`.
std::optional<unsigned> parse_quota(std::string_view line) {
  std::int64_t quota = 0;
  std::int64_t period = 0;
  const char* const end = line.data() + line.size();
  const auto first = std::from_chars(line.data(), end, quota);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return std::nullopt;
  std::from_chars(first.ptr + 1, end, period);
  return divide_up(quota, period);
}

std::optional<unsigned> quota_of(const std::string& directory) {
  if (const auto line = read_first_line(directory + "/cpu.max")) return parse_quota(*line);
  return divide_up(read_leading_number(directory + "/cpu.cfs_quota_us").value_or(-1),
                   read_leading_number(directory + "/cpu.cfs_period_us").value_or(0));
}

}  // namespace

std::optional<unsigned> processor_quota(const std::vector<std::string>& directories) {
  std::optional<unsigned> least;
  for (const std::string& each : directories) {
    const auto quota = quota_of(each);
    if (quota && (!least || *quota < *least)) least = quota;
  }
  return least;
}

unsigned processor_count() {
  unsigned count = allowed_processors();
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  const auto quota = processor_quota(control_group_directories("cpu"));
  return quota ? std::min(count, *quota) : count;
}

}  // namespace hotline::engine
