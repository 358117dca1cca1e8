#include "services/ntp_sent_times.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace hotline::services {

void NtpSentTimes::note(NtpTimestamp receive_time, NtpTimestamp sent_time) {
  if (replies_.empty()) replies_.resize(kReplies);
  const auto ways = std::span(replies_).subspan(first_of(receive_time), kWays);
  auto place = std::ranges::find(ways, receive_time, &Reply::receive_time);
  if (place == ways.end()) {
    // Empty places have the oldest time of all.
    place = std::ranges::min_element(ways, {},
                                     [](const Reply& each) { return each.receive_time.value; });
  }
  *place = {receive_time, sent_time};
}

std::optional<NtpTimestamp> NtpSentTimes::find(NtpTimestamp receive_time) const {
  if (replies_.empty() || !receive_time.is_set()) return std::nullopt;
  const auto ways = std::span(replies_).subspan(first_of(receive_time), kWays);
  const auto place = std::ranges::find(ways, receive_time, &Reply::receive_time);
  if (place == ways.end()) return std::nullopt;
  return place->sent_time;
}

void NtpSentTimes::clear() { std::ranges::fill(replies_, Reply{}); }

std::size_t NtpSentTimes::first_of(NtpTimestamp receive_time) {
  // Multiplication mixes the bits upwards: the fractions, which differ, decide.
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;
  constexpr unsigned kBits = 16;
  static_assert(kReplies == std::size_t{1} << kBits);
  const auto hash = static_cast<std::size_t>(receive_time.value * kGoldenRatio >> (64 - kBits));
  return hash / kWays * kWays;
}

}  // namespace hotline::services
