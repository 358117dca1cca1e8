#include "services/ntp_clock_state.h"

#include <doctest/doctest.h>

namespace hotline::services::ntp_clock_state_test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kNow{hours(24 * 365 * 56)};

NtpClockState synchronised() {
  return {.leap = NtpLeap::insert,
          .stratum = 3,
          .root_delay = milliseconds(20),
          .root_dispersion = milliseconds(5),
          .reference_id = 0x0A000001,
          .reference_time = kNow - seconds(30),
          .as_of = kNow};
}

NtpPacket described(const NtpClockState& state, WallTime now = kNow) {
  NtpPacket packet;
  describe_ntp_clock(state, now, packet);
  return packet;
}

void check_unsynchronised(const NtpPacket& packet) {
  CHECK(packet.leap == NtpLeap::unsynchronised);
  CHECK(packet.stratum == 0);
  CHECK(packet.root_delay == NtpShort::of(seconds(1)));
  CHECK(packet.root_dispersion == NtpShort::of(seconds(1)));
  CHECK(packet.reference_id == 0);
  CHECK_FALSE(packet.reference_time.is_set());
}

TEST_CASE("a synchronised clock is described as it is") {
  const NtpPacket packet = described(synchronised());
  CHECK(packet.leap == NtpLeap::insert);
  CHECK(packet.stratum == 3);
  CHECK(packet.root_delay == NtpShort::of(milliseconds(20)));
  CHECK(packet.root_dispersion == NtpShort::of(milliseconds(5)));
  CHECK(packet.reference_id == 0x0A000001);
  CHECK(packet.reference_time == NtpTimestamp::of(kNow - seconds(30)));
}

TEST_CASE("the dispersion grows by 15 millionths of the time since the state was known") {
  const NtpPacket packet = described(synchronised(), kNow + seconds(1000));
  CHECK(packet.root_dispersion == NtpShort::of(milliseconds(5) + milliseconds(15)));
}

TEST_CASE(
    "a clock that was set back makes the dispersion no smaller, and no update later than now") {
  const NtpPacket packet = described(synchronised(), kNow - hours(1));
  CHECK(packet.root_dispersion == NtpShort::of(milliseconds(5)));
  CHECK(packet.reference_time == NtpTimestamp::of(kNow - hours(1)));
}

TEST_CASE("a reference id may be an IPv4 address, unless no server can have that one") {
  CHECK(is_ipv4_reference(0x7F000001));
  CHECK(is_ipv4_reference(0x0A000001));
  CHECK(is_ipv4_reference(0xC0000201));
  for (const std::uint32_t other : {0U, 0x7F7F0101U, 0x7F000002U, 0xE0000001U, 0xFFFFFFFFU}) {
    CHECK_FALSE(is_ipv4_reference(other));
  }
}

TEST_CASE("a clock that no source has set says so") {
  check_unsynchronised(described({}));
  NtpClockState state = synchronised();
  state.leap = NtpLeap::unsynchronised;
  check_unsynchronised(described(state));
}

TEST_CASE("a clock that may be wrong by 16 s or more counts as unsynchronised") {
  NtpClockState state = synchronised();
  state.root_delay = seconds(2);
  state.root_dispersion = seconds(15);
  check_unsynchronised(described(state));
  state.root_dispersion = seconds(15) - microseconds(1);
  CHECK(described(state).stratum == 3);
  check_unsynchronised(described(state, kNow + seconds(1)));
}

}  // namespace
}  // namespace hotline::services::ntp_clock_state_test
