#include <chrono>

#include <doctest/doctest.h>

#include "services/ntp_association.h"
#include "support/asked_ntp.h"

namespace hotline::services::ntp_association_interleaved_test {

using namespace asked_ntp;
using namespace std::chrono_literals;

TEST_CASE("the interleaved mode names the last reply, and gets the time at which that was sent") {
  Asked asked({.mode = NtpExchangeMode::interleaved});
  CHECK_FALSE(packet_in(as_bytes(asked.request)).originate_time.is_set());
  REQUIRE(asked.take().sample);
  const auto request = asked.association.begin(kNextCookies, at(2s));
  REQUIRE(request);
  CHECK(packet_in(*request).originate_time == asked.reply.receive_time);
  CHECK(packet_in(*request).receive_time == kNextCookies.receive);
  CHECK(packet_in(*request).transmit_time == kNextCookies.transmit);
  NtpPacket reply = asked.server.reply_to(*request, 2s);
  reply.originate_time = kNextCookies.receive;
  // The first reply was sent 1 ms later than it says itself.
  reply.transmit_time = NtpTimestamp::of(kStart + 3ms + 1100us + 5s);
  const auto finding = asked.association.take(as_bytes(bytes_of(reply)), {}, at(2s + 7100us));
  REQUIRE(finding.sample);
  CHECK(finding.sample->mode == NtpExchangeMode::interleaved);
  CHECK(is_near(finding.sample->delay, 6ms));
  CHECK(is_near(finding.sample->offset, 5s));
}

TEST_CASE("a server that knows only the basic mode is understood in the interleaved one") {
  Asked asked({.mode = NtpExchangeMode::interleaved});
  REQUIRE(asked.take().sample);
  const auto request = asked.association.begin(kNextCookies, at(2s));
  REQUIRE(request);
  const NtpPacket reply = asked.server.reply_to(*request, 2s);
  const auto finding = asked.association.take(as_bytes(bytes_of(reply)), {}, at(2s + 7100us));
  REQUIRE(finding.sample);
  CHECK(finding.sample->mode == NtpExchangeMode::basic);
  CHECK(is_near(finding.sample->offset, 5s - 500us));
}

TEST_CASE("a clock that was set between two replies ends the interleaved mode for one exchange") {
  Asked asked({.mode = NtpExchangeMode::interleaved});
  REQUIRE(asked.take().sample);
  const auto request = asked.association.begin(kNextCookies, at(2s, 1h));
  REQUIRE(request);
  CHECK_FALSE(packet_in(*request).originate_time.is_set());
}

TEST_CASE("an interleaved time that is impossible gives no sample") {
  Asked asked({.mode = NtpExchangeMode::interleaved});
  REQUIRE(asked.take().sample);
  const auto request = asked.association.begin(kNextCookies, at(2s));
  REQUIRE(request);
  NtpPacket reply = asked.server.reply_to(*request, 2s);
  reply.originate_time = kNextCookies.receive;
  CHECK(asked.association.take(as_bytes(bytes_of(reply)), {}, at(2s + 7100us)).verdict ==
        NtpVerdict::unusable);
}

TEST_CASE("a server's clock that was set after the earlier exchange gives no interleaved sample") {
  for (const Duration step : {Duration(0), Duration(20ms), Duration(-20ms), Duration(1h)}) {
    Asked asked({.mode = NtpExchangeMode::interleaved});
    REQUIRE(asked.take().sample);
    const auto request = asked.association.begin(kNextCookies, at(2s));
    REQUIRE(request);
    asked.server.offset += step;
    NtpPacket reply = asked.server.reply_to(*request, 2s);
    reply.originate_time = kNextCookies.receive;
    reply.reference_time = {};
    reply.transmit_time = asked.reply.transmit_time;
    const auto finding = asked.association.take(as_bytes(bytes_of(reply)), {}, at(2s + 7100us));
    CHECK(finding.sample.has_value() == (step == Duration(0)));
  }
}

}  // namespace hotline::services::ntp_association_interleaved_test
