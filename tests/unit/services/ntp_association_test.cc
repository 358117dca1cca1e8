#include "services/ntp_association.h"

#include <chrono>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "support/asked_ntp.h"

namespace hotline::services::ntp_association_test {

using namespace asked_ntp;
using namespace std::chrono_literals;

TEST_CASE("a request says nothing but its version, its mode and a random number") {
  for (std::uint8_t version = 1; version <= 4; ++version) {
    const Asked asked({.version = version});
    NtpPacket expected;
    expected.version = version;
    expected.mode = NtpMode::client;
    expected.transmit_time = kCookies.transmit;
    CHECK(asked.request == bytes_of(expected));
  }
}

TEST_CASE("a reply gives offset and delay, as RFC 5905 computes them") {
  const auto finding = Asked().take();
  REQUIRE(finding.sample);
  // 3 ms there and 4 ms back: half of the difference is in the offset.
  CHECK(is_near(finding.sample->offset, 5s - 500us));
  CHECK(is_near(finding.sample->delay, 7ms));
  CHECK(finding.sample->error_max() >= 500us);
  CHECK(finding.sample->mode == NtpExchangeMode::basic);
  CHECK_FALSE(finding.sample->is_authenticated);
}

TEST_CASE("a sample has what the server says of itself") {
  const auto finding = Asked().take();
  REQUIRE(finding.sample);
  const NtpServerState& server = finding.sample->server;
  CHECK(server.stratum == 2);
  CHECK(server.version == 4);
  CHECK(server.precision == -24);
  CHECK(server.root_delay >= 20ms);
  CHECK(server.root_dispersion >= 3ms);
  CHECK(server.reference_text() == "192.0.2.1");
  CHECK(is_near(*server.reference_time - kStart, -55s));
}

TEST_CASE("the times of the kernel are used instead of those of the program") {
  Asked asked;
  asked.association.note_sent(kStart + 1ms);
  const auto finding =
      asked.association.take(as_bytes(bytes_of(asked.reply)), kStart + 5100us, at(7100us));
  REQUIRE(finding.sample);
  CHECK(is_near(finding.sample->offset, 5s));
  CHECK(is_near(finding.sample->delay, 4ms));
}

TEST_CASE("an offset of decades, in another era, is right") {
  for (const Duration offset : {Duration(24h * 365 * 12), -Duration(24h * 365 * 60)}) {
    Server server;
    server.offset = offset;
    const auto finding = Asked({}, server).take();
    REQUIRE(finding.sample);
    CHECK(is_near(finding.sample->offset, offset - 500us));
    CHECK(is_near(finding.sample->delay, 7ms));
  }
}

TEST_CASE("a reply to another request is dropped, and the right one is still awaited") {
  Asked asked;
  NtpPacket forged = asked.reply;
  forged.originate_time = {kCookies.transmit.value + 1};
  const auto dropped = asked.association.take(as_bytes(bytes_of(forged)), {}, at(1ms));
  CHECK(dropped.verdict == NtpVerdict::dropped);
  forged.originate_time = {};
  CHECK(asked.association.take(as_bytes(bytes_of(forged)), {}, at(1ms)).verdict ==
        NtpVerdict::dropped);
  forged.originate_time = kCookies.receive;
  CHECK(asked.association.take(as_bytes(bytes_of(forged)), {}, at(1ms)).verdict ==
        NtpVerdict::dropped);
  CHECK(asked.take().verdict == NtpVerdict::sample);
  CHECK(asked.association.counts().foreign == 3);
  CHECK(asked.association.counts().samples == 1);
}

TEST_CASE("a reply that comes twice, or after the wait for it, is dropped") {
  Asked asked;
  CHECK(asked.take().verdict == NtpVerdict::sample);
  CHECK(asked.take().verdict == NtpVerdict::dropped);
  Asked late;
  late.association.give_up();
  CHECK(late.take().verdict == NtpVerdict::dropped);
  CHECK(late.association.counts().lost == 1);
  REQUIRE(late.association.begin(kNextCookies, at(1s)));
  CHECK(late.take(at(1s + 1ms)).verdict == NtpVerdict::dropped);
  CHECK(late.association.counts().foreign == 2);
}

TEST_CASE("a request that is withdrawn is not lost, and its reply is dropped") {
  Asked asked;
  asked.association.withdraw();
  CHECK(asked.take().verdict == NtpVerdict::dropped);
  REQUIRE(asked.association.begin(kNextCookies, at(1s)));
  CHECK(asked.association.counts().lost == 0);
  CHECK(asked.association.counts().sent == 2);
}

TEST_CASE("a datagram that is not the reply of a server is dropped") {
  for (const NtpMode mode : {NtpMode::reserved, NtpMode::symmetric_active, NtpMode::client,
                             NtpMode::symmetric_passive, NtpMode::broadcast, NtpMode::control}) {
    CHECK(finding_of([&](NtpPacket& reply) { reply.mode = mode; }).verdict == NtpVerdict::dropped);
  }
  Asked asked({.version = 3});
  asked.reply.version = 4;
  CHECK(asked.take().verdict == NtpVerdict::dropped);
  CHECK(asked.association.take(as_bytes(asked.request), {}, at(1ms)).verdict ==
        NtpVerdict::dropped);
  CHECK(asked.association.counts().malformed == 2);
  asked.reply.version = 2;
  CHECK(asked.take().verdict == NtpVerdict::sample);
}

TEST_CASE("a kiss-o'-death is obeyed only if it answers the request") {
  const auto kiss = [](std::uint32_t code) {
    return finding_of([&](NtpPacket& reply) {
             reply.leap = NtpLeap::unsynchronised;
             reply.stratum = 0;
             reply.reference_id = code;
           })
        .verdict;
  };
  CHECK(kiss(ntp_code("RATE")) == NtpVerdict::rate);
  CHECK(kiss(ntp_code("DENY")) == NtpVerdict::denied);
  CHECK(kiss(ntp_code("RSTR")) == NtpVerdict::denied);
  CHECK(kiss(ntp_code("INIT")) == NtpVerdict::unsynchronised);
  CHECK(kiss(0) == NtpVerdict::unsynchronised);
  CHECK(finding_of([](NtpPacket& reply) {
          reply.stratum = 0;
          reply.reference_id = ntp_code("DENY");
          reply.originate_time = {7};
        }).verdict == NtpVerdict::dropped);
}

TEST_CASE("a server that is not synchronised gives no sample") {
  const auto verdict = [](auto change) { return finding_of(change).verdict; };
  CHECK(verdict([](NtpPacket& reply) { reply.leap = NtpLeap::unsynchronised; }) ==
        NtpVerdict::unsynchronised);
  CHECK(verdict([](NtpPacket& reply) { reply.stratum = 16; }) == NtpVerdict::unsynchronised);
  CHECK(verdict([](NtpPacket& reply) { reply.stratum = 255; }) == NtpVerdict::unsynchronised);
  CHECK(verdict([](NtpPacket& reply) { reply.stratum = 15; }) == NtpVerdict::sample);
  CHECK(verdict([](NtpPacket& reply) { reply.leap = NtpLeap::insert; }) == NtpVerdict::sample);
}

TEST_CASE("a root distance of 16 s or more gives no sample") {
  const auto verdict = [](Duration delay, Duration dispersion) {
    return finding_of([&](NtpPacket& reply) {
             reply.root_delay = NtpShort::of(delay);
             reply.root_dispersion = NtpShort::of(dispersion);
           })
        .verdict;
  };
  CHECK(verdict(0s, 16s) == NtpVerdict::unusable);
  CHECK(verdict(32s, 0s) == NtpVerdict::unusable);
  CHECK(verdict(16s, 8s) == NtpVerdict::unusable);
  CHECK(verdict(16s, 7s) == NtpVerdict::sample);
  CHECK(verdict(Duration::max(), Duration::max()) == NtpVerdict::unusable);
}

TEST_CASE("times that contradict each other give no sample") {
  const auto verdict = [](auto change) { return finding_of(change).verdict; };
  const auto is_unusable = [&](auto change) { return verdict(change) == NtpVerdict::unusable; };
  CHECK(is_unusable([](NtpPacket& reply) { reply.transmit_time = {}; }));
  CHECK(is_unusable([](NtpPacket& reply) { reply.receive_time = {}; }));
  CHECK(is_unusable([](NtpPacket& reply) { std::swap(reply.receive_time, reply.transmit_time); }));
  CHECK(is_unusable([](NtpPacket& reply) { reply.transmit_time.value += 1ULL << 32; }));
  CHECK(is_unusable([](NtpPacket& reply) { reply.receive_time.value -= 1ULL << 32; }));
  CHECK(is_unusable(
      [](NtpPacket& reply) { reply.reference_time = {reply.transmit_time.value + (1U << 20)}; }));
  CHECK(verdict([](NtpPacket& reply) { reply.reference_time = reply.transmit_time; }) ==
        NtpVerdict::sample);
  CHECK(verdict([](NtpPacket& reply) { reply.reference_time = {}; }) == NtpVerdict::sample);
}

TEST_CASE("a delay that is negative by less than the clocks' precision counts as the least one") {
  Server server;
  server.held = 7100us + 50ns;
  const auto finding = Asked({}, server).take();
  REQUIRE(finding.sample);
  CHECK(finding.sample->delay == 60ns);
  server.held = 7100us + 1us;
  CHECK(Asked({}, server).take().verdict == NtpVerdict::unusable);
}

TEST_CASE("the error grows with the precision of the server") {
  const auto error_at = [](std::int8_t precision) {
    const auto finding = finding_of([&](NtpPacket& reply) { reply.precision = precision; });
    REQUIRE(finding.sample);
    return finding.sample->dispersion;
  };
  CHECK(error_at(-10) - error_at(-128) > 970us);
  CHECK(error_at(0) > 1s);
  CHECK(error_at(127) > 15s);
}

TEST_CASE("a clock that was set while the reply was on its way gives no sample") {
  for (const Duration step : {Duration(2ms), -Duration(2ms), Duration(1h), -Duration(1h)}) {
    Asked asked;
    CHECK(asked.take(at(7100us, step)).verdict == NtpVerdict::clock_set);
    CHECK(asked.association.counts().clock_sets == 1);
  }
}

TEST_CASE("what the clock goes wrong by unnoticed is part of the error") {
  for (const Duration step : {Duration(900us), -Duration(900us)}) {
    const auto finding = Asked().take(at(7100us, step));
    REQUIRE(finding.sample);
    const Duration wrong = finding.sample->offset - 5s;
    CHECK(std::chrono::abs(wrong) <= finding.sample->error_max());
    CHECK(std::chrono::abs(wrong + step) <= finding.sample->error_max());
    CHECK(finding.sample->dispersion > 900us);
  }
}

TEST_CASE("a time of the kernel outside of the exchange shows that the clock was set") {
  Asked before;
  before.association.note_sent(kStart - 1ns);
  CHECK(before.take().verdict == NtpVerdict::clock_set);
  Asked after;
  const std::string reply = bytes_of(after.reply);
  CHECK(after.association.take(as_bytes(reply), kStart + 7101us, at(7100us)).verdict ==
        NtpVerdict::clock_set);
  Asked crossed;
  crossed.association.note_sent(kStart + 5ms);
  CHECK(crossed.association.take(as_bytes(reply), kStart + 4ms, at(7100us)).verdict ==
        NtpVerdict::clock_set);
}

TEST_CASE("a program that was stopped gets a larger error, not a wrong offset") {
  const auto finding = Asked().take(at(1min));
  REQUIRE(finding.sample);
  CHECK(finding.sample->error_max() > 29s);
  CHECK(std::chrono::abs(finding.sample->offset - 5s) <= finding.sample->error_max());
}

TEST_CASE("with a key the request has a MAC, and only a reply with one counts") {
  const NtpKey key{7, NtpMacKind::sha1, Secret(as_bytes("secret"))};
  const NtpKey other{7, NtpMacKind::sha1, Secret(as_bytes("Secret"))};
  Asked asked({.key = &key});
  CHECK(key.verify(*decode_ntp(as_bytes(asked.request))));
  CHECK(asked.take().verdict == NtpVerdict::dropped);
  const std::string reply = bytes_of(asked.reply);
  CHECK(asked.association.take(as_bytes(with_mac(reply, other)), {}, at(7100us)).verdict ==
        NtpVerdict::dropped);
  CHECK(asked.association.counts().unverified == 2);
  const auto good = asked.association.take(as_bytes(with_mac(reply, key)), {}, at(7100us));
  REQUIRE(good.sample);
  CHECK(good.sample->is_authenticated);
}

TEST_CASE("a crypto-NAK says that the key is wrong, and a kiss without a MAC says nothing") {
  const NtpKey key{7, NtpMacKind::md5, Secret(as_bytes("secret"))};
  Asked asked({.key = &key});
  NtpPacket kiss = asked.reply;
  kiss.stratum = 0;
  kiss.reference_id = kNtpKissDeny;
  CHECK(asked.association.take(as_bytes(bytes_of(kiss)), {}, at(7100us)).verdict ==
        NtpVerdict::dropped);
  const std::string nak = bytes_of(asked.reply) + std::string(4, '\0');
  CHECK(asked.association.take(as_bytes(nak), {}, at(7100us)).verdict == NtpVerdict::key_refused);
}

}  // namespace hotline::services::ntp_association_test
