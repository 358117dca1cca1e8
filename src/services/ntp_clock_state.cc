#include "services/ntp_clock_state.h"

#include <algorithm>

namespace hotline::services {
namespace {

/// What an unsynchronised server gives as delay and dispersion.
constexpr Duration kUnknown = std::chrono::seconds(1);

/// The error that has been added since the state was known. A clock that was set back makes it 0.
Duration drift(const NtpClockState& state, WallTime now) {
  const Duration age = std::max(Duration::zero(), Duration(now - state.as_of));
  // Divided first: the age may be any length.
  return age / 1'000'000 * NtpClockState::kDriftPerMillion;
}

}  // namespace

bool is_ipv4_reference(std::uint32_t reference_id) {
  constexpr std::uint32_t kLoopback = 0x7F000001;
  constexpr std::uint32_t kMulticast = 0xE0000000;
  if (reference_id >> 24 == 0 || reference_id >= kMulticast) return false;
  return reference_id == kLoopback || reference_id >> 24 != kLoopback >> 24;
}

void describe_ntp_clock(const NtpClockState& state, WallTime now, NtpPacket& reply) {
  const Duration dispersion = state.root_dispersion + drift(state, now);
  if (!state.is_synchronised() ||
      dispersion + state.root_delay / 2 >= NtpClockState::kDistanceMax) {
    reply.leap = NtpLeap::unsynchronised;
    reply.stratum = 0;
    reply.root_delay = NtpShort::of(kUnknown);
    reply.root_dispersion = NtpShort::of(kUnknown);
    reply.reference_id = 0;
    reply.reference_time = {};
    return;
  }
  reply.leap = state.leap;
  reply.stratum = state.stratum;
  reply.root_delay = NtpShort::of(state.root_delay);
  reply.root_dispersion = NtpShort::of(dispersion);
  reply.reference_id = state.reference_id;
  // A client refuses a server whose clock was updated in the future.
  reply.reference_time = NtpTimestamp::of(std::min(state.reference_time, now));
}

}  // namespace hotline::services
