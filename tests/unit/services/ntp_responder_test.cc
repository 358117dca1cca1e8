#include "services/ntp_responder.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "support/scripted_ntp_server.h"

namespace hotline::services::ntp_responder_test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

using namespace test;

using Versions = std::initializer_list<std::uint8_t>;

std::byte* at(std::vector<std::byte>& bytes, std::size_t index) { return bytes.data() + index; }

/// Writes the header of an extension field that begins at `index`.
void put_extension(std::vector<std::byte>& bytes, std::size_t index, unsigned type, unsigned size) {
  *at(bytes, index) = std::byte(type >> 8);
  *at(bytes, index + 1) = std::byte(type & 255);
  *at(bytes, index + 2) = std::byte(size >> 8);
  *at(bytes, index + 3) = std::byte(size & 255);
}

TEST_CASE("every field of a reply is what RFC 5905 asks for") {
  ScriptedNtpServer server;
  const auto reply = server.exchange(ntp_request({.poll = 9}));
  CHECK(reply.outcome == NtpOutcome::answered);
  CHECK(reply.bytes.size() == 48);
  const NtpPacket clock = ntp_clock_fields();
  CHECK(reply.packet.leap == NtpLeap::none);
  CHECK(reply.packet.version == 4);
  CHECK(reply.packet.mode == NtpMode::server);
  CHECK(reply.packet.stratum == 2);
  CHECK(reply.packet.poll == 9);
  CHECK(reply.packet.precision == kNtpPrecision);
  CHECK(reply.packet.root_delay == clock.root_delay);
  CHECK(reply.packet.root_dispersion == clock.root_dispersion);
  CHECK(reply.packet.reference_id == clock.reference_id);
  CHECK(reply.packet.reference_time == clock.reference_time);
  CHECK(reply.packet.originate_time.value == 0x1122334455667788);
  const Duration error = reply.packet.receive_time - NtpTimestamp::of(kNtpNow);
  CHECK(error >= Duration::zero());
  CHECK(error <= nanoseconds(1));
  const Duration stayed = reply.packet.transmit_time - reply.packet.receive_time;
  CHECK(stayed > microseconds(10) - nanoseconds(120));
  CHECK(stayed <= microseconds(10) + nanoseconds(60));
}

TEST_CASE("requests of each version are answered in that version") {
  ScriptedNtpServer server;
  for (const std::uint8_t version : Versions{1, 2, 3, 4}) {
    const auto reply = server.exchange(ntp_request({.version = version}));
    CHECK(reply.outcome == NtpOutcome::answered);
    CHECK(reply.packet.version == version);
  }
}

TEST_CASE("versions that do not exist are ignored") {
  ScriptedNtpServer server;
  for (const std::uint8_t version : Versions{0, 5, 6, 7}) {
    CHECK(server.outcome_of(ntp_request({.version = version})) == NtpOutcome::malformed);
  }
}

TEST_CASE("what is not a request is ignored, so that two servers never answer each other") {
  ScriptedNtpServer server;
  for (const std::uint8_t version : Versions{1, 2, 3, 4}) {
    for (const NtpMode mode : {NtpMode::symmetric_passive, NtpMode::server, NtpMode::broadcast,
                               NtpMode::control, NtpMode::private_use}) {
      CHECK(server.outcome_of(ntp_request({.version = version, .mode = mode})) ==
            NtpOutcome::not_a_request);
    }
  }
  for (const std::uint8_t version : Versions{2, 3, 4}) {
    CHECK(server.outcome_of(ntp_request({.version = version, .mode = NtpMode::reserved})) ==
          NtpOutcome::not_a_request);
  }
  for (const std::uint8_t version : Versions{1, 2}) {
    CHECK(server.outcome_of(ntp_request({.version = version, .mode = NtpMode::symmetric_active})) ==
          NtpOutcome::not_a_request);
  }
}

TEST_CASE("its own replies are ignored") {
  ScriptedNtpServer server;
  for (const NtpMode mode : {NtpMode::client, NtpMode::symmetric_active}) {
    const auto reply = server.exchange(ntp_request({.mode = mode}));
    REQUIRE(reply.outcome == NtpOutcome::answered);
    CHECK(server.outcome_of(reply.bytes) == NtpOutcome::not_a_request);
  }
}

TEST_CASE("a symmetric peer of version 3 or 4 is answered as a passive one") {
  ScriptedNtpServer server;
  for (const std::uint8_t version : Versions{3, 4}) {
    const auto reply =
        server.exchange(ntp_request({.version = version, .mode = NtpMode::symmetric_active}));
    CHECK(reply.packet.mode == NtpMode::symmetric_passive);
  }
}

TEST_CASE("a client of version 1 has no mode, and any port but that of a server") {
  ScriptedNtpServer server;
  const auto old = ntp_request({.version = 1, .mode = NtpMode::reserved});
  CHECK(server.exchange(old).packet.mode == NtpMode::server);
  server.port = 123;
  CHECK(server.outcome_of(old) == NtpOutcome::not_a_request);
}

TEST_CASE("a datagram of another size is ignored") {
  ScriptedNtpServer server;
  for (const std::size_t size : {0U, 1U, 47U}) {
    auto bytes = ntp_request({});
    bytes.resize(size);
    CHECK(server.outcome_of(bytes) == NtpOutcome::malformed);
  }
  for (const std::size_t extra : {1U, 3U, 8U, 12U, 16U, 21U, 25U}) {
    CHECK(server.outcome_of(ntp_request({}, extra)) == NtpOutcome::malformed);
  }
}

TEST_CASE("a request without a transmit time gets its zero back") {
  ScriptedNtpServer server;
  const auto reply = server.exchange(ntp_request({.transmit = 0}));
  CHECK(reply.outcome == NtpOutcome::answered);
  CHECK(reply.packet.originate_time.value == 0);
}

TEST_CASE("the poll interval is echoed whatever it is") {
  ScriptedNtpServer server;
  for (const std::int8_t poll : {std::int8_t{0}, std::int8_t{17}, std::int8_t{-3}}) {
    CHECK(server.exchange(ntp_request({.poll = poll})).packet.poll == poll);
  }
}

TEST_CASE("an unknown extension field is answered by a reply without fields") {
  ScriptedNtpServer server;
  for (const std::size_t size : {std::size_t{28}, std::size_t{1000}}) {
    auto bytes = ntp_request({}, size);
    put_extension(bytes, 48, 0xF323, static_cast<unsigned>(size));
    const auto reply = server.exchange(bytes);
    CHECK(reply.outcome == NtpOutcome::answered);
    CHECK(reply.bytes.size() == 48);
  }
}

TEST_CASE("a field that is too short or that ends after the datagram is ignored") {
  ScriptedNtpServer server;
  auto alone = ntp_request({}, 16);
  put_extension(alone, 48, 0xF323, 16);
  CHECK(server.outcome_of(alone) == NtpOutcome::malformed);
  for (const unsigned size : {0U, 3U, 12U, 30U, 32U, 65535U}) {
    auto bytes = ntp_request({}, 28);
    put_extension(bytes, 48, 0xF323, size);
    CHECK(server.outcome_of(bytes) == NtpOutcome::malformed);
  }
}

TEST_CASE("a cookie or an authenticator of NTS is ignored") {
  ScriptedNtpServer server;
  for (const unsigned type : {0x0204U, 0x0404U}) {
    auto bytes = ntp_request({}, 100);
    put_extension(bytes, 48, type, 100);
    CHECK(server.outcome_of(bytes) == NtpOutcome::not_authenticated);
  }
}

TEST_CASE("a request with the MAC of a known key is answered with one of the same key") {
  const NtpKeys keys = some_ntp_keys();
  ScriptedNtpServer server(&keys);
  for (const NtpKey& key : keys.keys()) {
    const auto reply = server.exchange(sealed_ntp(key));
    CHECK(reply.outcome == NtpOutcome::answered);
    CHECK(reply.bytes.size() == 48 + key.mac_bytes());
    CHECK(key.verify(*decode_ntp(reply.bytes)));
  }
}

TEST_CASE("a MAC that is wrong in any bit is ignored") {
  const NtpKeys keys = some_ntp_keys();
  ScriptedNtpServer server(&keys);
  for (const NtpKey& key : keys.keys()) {
    const auto good = sealed_ntp(key);
    for (std::size_t index = 0; index < good.size(); ++index) {
      if (index == 0) continue;  // The version and the mode.
      auto bad = good;
      *at(bad, index) ^= std::byte{0x10};
      CHECK(server.outcome_of(bad) == NtpOutcome::not_authenticated);
    }
  }
}

TEST_CASE("a MAC of an unknown key, and any MAC at a server without keys, is ignored") {
  const NtpKeys keys = some_ntp_keys();
  const NtpKeys none;
  for (const NtpKeys* known : {static_cast<const NtpKeys*>(nullptr), &none}) {
    ScriptedNtpServer server(known);
    CHECK(server.outcome_of(sealed_ntp(keys.keys()[0])) == NtpOutcome::not_authenticated);
  }
}

TEST_CASE("a request in the form of a crypto-NAK is ignored") {
  const NtpKeys keys = some_ntp_keys();
  ScriptedNtpServer server(&keys);
  CHECK(server.outcome_of(ntp_request({}, 4)) == NtpOutcome::not_authenticated);
}

TEST_CASE("no reply is larger than its request") {
  const NtpKeys keys = some_ntp_keys();
  ScriptedNtpServer server(&keys);
  for (const NtpKey& key : keys.keys()) {
    const auto bytes = sealed_ntp(key);
    CHECK(server.exchange(bytes).bytes.size() == bytes.size());
  }
}

TEST_CASE("two requests that arrive at once have different receive times") {
  ScriptedNtpServer server;
  const auto first = server.exchange(ntp_request({})).packet.receive_time;
  const auto second = server.exchange(ntp_request({})).packet.receive_time;
  const auto third =
      server.exchange(ntp_request({}), kNtpNow - nanoseconds(50)).packet.receive_time;
  CHECK(second.value > first.value);
  CHECK(third.value > second.value);
}

TEST_CASE("a transmit time is never 0 nor the receive time, on a clock that stands still too") {
  ScriptedNtpServer server;
  for (int i = 0; i < 1000; ++i) {
    auto bytes = ntp_request({});
    NtpReply reply = server.decide(bytes);
    REQUIRE(server.responder.complete(reply, kNtpNow, bytes) == 48);
    const NtpPacket packet = decode_ntp(bytes)->packet;
    CHECK(static_cast<std::int64_t>(packet.transmit_time.value - packet.receive_time.value) > 0);
  }
}

TEST_CASE("receive times are odd, and transmit times are even and random below the precision") {
  ScriptedNtpServer server;
  std::uint64_t seen = 0;
  std::uint64_t high = 0;
  for (int i = 0; i < 200; ++i) {
    const auto reply = server.exchange(ntp_request({})).packet;
    CHECK(reply.receive_time.value % 2 == 1);
    CHECK(reply.transmit_time.value % 2 == 0);
    seen |= reply.transmit_time.value & 0xFF;
    high |= reply.transmit_time.value ^ NtpTimestamp::of(kNtpNow + microseconds(10)).value;
  }
  CHECK(seen == 0xFE);
  CHECK(high <= 0xFF);
}

TEST_CASE("a reply that would leave before its request arrived is not sent: the clock was set") {
  ScriptedNtpServer server;
  auto bytes = ntp_request({});
  NtpReply reply = server.decide(bytes);
  CHECK(server.responder.complete(reply, kNtpNow - microseconds(2), bytes) == 0);
  CHECK(reply.outcome == NtpOutcome::clock_was_set);
}

TEST_CASE("requests that arrived before the clock was set are not answered, and later ones are") {
  ScriptedNtpServer server;
  server.responder.note_clock_set(kNtpNow);
  CHECK(server.exchange(ntp_request({}), kNtpNow - nanoseconds(1)).outcome ==
        NtpOutcome::clock_was_set);
  CHECK(server.exchange(ntp_request({}), kNtpNow).outcome == NtpOutcome::answered);
}

TEST_CASE("a source that asks too often is ignored, or kissed") {
  ScriptedNtpServer server;
  server.admission = NtpAdmission::ignore;
  CHECK(server.outcome_of(ntp_request({})) == NtpOutcome::limited);
  server.admission = NtpAdmission::kiss;
  const auto kissed = server.exchange(ntp_request({.poll = 3}));
  CHECK(kissed.outcome == NtpOutcome::kissed);
  CHECK(kissed.packet.leap == NtpLeap::unsynchronised);
  CHECK(kissed.packet.stratum == 0);
  CHECK(kissed.packet.reference_id == ntp_code("RATE"));
  CHECK(kissed.packet.poll == 6);
  CHECK(kissed.packet.originate_time.value == 0x1122334455667788);
  CHECK(kissed.packet.transmit_time.is_set());
}

TEST_CASE("a precision is the logarithm of the next larger power of two") {
  CHECK(ntp_precision(seconds(1)) == 0);
  CHECK(ntp_precision(milliseconds(500)) == -1);
  CHECK(ntp_precision(milliseconds(501)) == 0);
  CHECK(ntp_precision(microseconds(1)) == -19);
  CHECK(ntp_precision(nanoseconds(30)) == -24);
  CHECK(ntp_precision(nanoseconds(1)) <= -29);
  CHECK(ntp_precision(nanoseconds(0)) == -30);
}

TEST_CASE("the names of outcomes are those of their enumerators") {
  CHECK(name_of(NtpOutcome::answered) == "answered");
  CHECK(name_of(NtpOutcome::not_a_request) == "not_a_request");
  CHECK(name_of(NtpOutcome::clock_was_set) == "clock_was_set");
}

}  // namespace
}  // namespace hotline::services::ntp_responder_test
