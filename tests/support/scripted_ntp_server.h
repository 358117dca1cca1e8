#pragma once

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "services/ntp_responder.h"

namespace hotline::test {

using services::decode_ntp;
using services::encode_ntp;
using services::NtpAdmission;
using services::NtpKey;
using services::NtpKeys;
using services::NtpLeap;
using services::NtpMode;
using services::NtpOutcome;
using services::NtpPacket;
using services::NtpReply;
using services::NtpResponder;
using services::NtpShort;
using services::NtpTimestamp;
using services::WallTime;

inline constexpr std::int8_t kNtpPrecision = -24;
inline constexpr std::uint16_t kNtpClientPort = 40000;
inline const WallTime kNtpNow{std::chrono::hours(24 * 365 * 56)};

/// A header of a request, in the default as clients send it.
struct AskedNtp {
  std::uint8_t version = 4;
  NtpMode mode = NtpMode::client;
  std::uint64_t originate = 0;
  std::uint64_t receive = 0;
  std::uint64_t transmit = 0x1122334455667788;
  std::int8_t poll = 6;
};

inline std::vector<std::byte> ntp_request(const AskedNtp& asked, std::size_t extra = 0) {
  NtpPacket packet;
  packet.leap = NtpLeap::unsynchronised;
  packet.version = asked.version;
  packet.mode = asked.mode;
  packet.poll = asked.poll;
  packet.originate_time = {asked.originate};
  packet.receive_time = {asked.receive};
  packet.transmit_time = {asked.transmit};
  std::vector<std::byte> bytes(NtpPacket::kBytes + extra);
  encode_ntp(packet, std::span(bytes).first<NtpPacket::kBytes>());
  return bytes;
}

inline NtpPacket ntp_clock_fields() {
  NtpPacket packet;
  packet.leap = NtpLeap::none;
  packet.stratum = 2;
  packet.root_delay = NtpShort::of(std::chrono::milliseconds(3));
  packet.root_dispersion = NtpShort::of(std::chrono::milliseconds(4));
  packet.reference_id = 0x0A000001;
  packet.reference_time = NtpTimestamp::of(kNtpNow - std::chrono::seconds(9));
  return packet;
}

/// One server and what its clients see.
struct NtpExchange {
  NtpOutcome outcome;
  std::vector<std::byte> bytes;
  NtpPacket packet;
};

struct ScriptedNtpServer {
  explicit ScriptedNtpServer(const NtpKeys* keys = nullptr)
      : responder({.keys = keys, .precision = kNtpPrecision, .seed = 7}) {}

  NtpReply decide(const std::vector<std::byte>& bytes, WallTime received_at = kNtpNow) {
    NtpReply reply = responder.decide({.bytes = bytes, .received_at = received_at, .port = port},
                                      ntp_clock_fields());
    if (reply.is_sent()) NtpResponder::limit(reply, admission);
    return reply;
  }

  /// Answers `bytes`; the reply leaves 10 us after it arrived.
  NtpExchange exchange(std::vector<std::byte> bytes, WallTime received_at = kNtpNow) {
    NtpReply reply = decide(bytes, received_at);
    if (!reply.is_sent()) return {reply.outcome, {}, {}};
    bytes.resize(responder.complete(reply, received_at + std::chrono::microseconds(10), bytes));
    if (bytes.empty()) return {reply.outcome, {}, {}};
    return {reply.outcome, bytes, decode_ntp(bytes)->packet};
  }

  NtpOutcome outcome_of(const std::vector<std::byte>& bytes) { return exchange(bytes).outcome; }

  std::uint16_t port = kNtpClientPort;
  NtpAdmission admission = NtpAdmission::answer;
  NtpResponder responder;
};

inline NtpKeys some_ntp_keys() {
  const std::string text = "1 MD5 abc\n2 SHA1 abc\n3 AES128 HEX:000102030405060708090A0B0C0D0E0F\n";
  auto keys = NtpKeys::parse(as_bytes(text), "keys");
  REQUIRE(keys);
  return std::move(*keys);
}

/// A request with the MAC of `key`.
inline std::vector<std::byte> sealed_ntp(const NtpKey& key, const AskedNtp& asked = {}) {
  auto bytes = ntp_request(asked, key.mac_bytes());
  const auto whole = std::span(bytes);
  REQUIRE(key.seal(whole.first(48), whole.subspan(48)));
  return bytes;
}

}  // namespace hotline::test
