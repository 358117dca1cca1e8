#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "services/ntp_association.h"
#include "services/ntp_keys.h"
#include "services/ntp_packet.h"
#include "services/ntp_responder.h"
#include "services/ntp_timestamp.h"

// Any bytes are a packet or are refused. The parts of a packet are within it and follow each other;
// its header is encoded to the same bytes. Any text is a key file or an error of one line, and a
// packet that is sealed with a key of it is verified with that key. A server answers no reply, and
// never with more bytes; a client takes no reply to a request that it has not sent.

namespace {

using namespace hotline;
using namespace hotline::services;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_times(const NtpPacket& packet) {
  for (const NtpTimestamp stamp : {packet.reference_time, packet.receive_time}) {
    if (!stamp.is_set()) continue;
    const WallTime time = stamp.nearest_to(WallTime{});
    const std::uint64_t error = NtpTimestamp::of(time).value - stamp.value + 3;
    require(error <= 6 || time - WallTime{} == std::chrono::seconds(INT32_MIN));
  }
  // Both conversions round up.
  require(packet.root_delay.duration() >= Duration::zero());
  const std::uint32_t again = NtpShort::of(packet.root_delay.duration()).value;
  require(again >= packet.root_delay.value && again - packet.root_delay.value <= 1);
}

void check_extensions(const NtpDatagram& decoded) {
  Bytes rest = decoded.extensions;
  while (const auto field = take_ntp_extension(rest)) {
    require(field->whole.size() >= NtpExtension::kBytesMin && field->whole.size() % 4 == 0);
    require(lies_within(field->whole, decoded.extensions));
    require(lies_within(field->body, field->whole));
  }
  require(rest.empty());
}

void check_parts(const NtpDatagram& decoded, Bytes datagram) {
  const std::size_t mac = decoded.mac ? NtpMac::kKeyIdBytes + decoded.mac->digest.size() : 0;
  require(NtpPacket::kBytes + decoded.extensions.size() + mac == datagram.size());
  require(decoded.authenticated.data() == datagram.data());
  require(decoded.authenticated.size() + mac == datagram.size());
  check_extensions(decoded);
}

void check_datagram(Bytes datagram) {
  const auto decoded = decode_ntp(datagram);
  if (!decoded) return require(!decoded.error().empty());
  check_parts(*decoded, datagram);
  check_times(decoded->packet);
  std::array<std::byte, NtpPacket::kBytes> header;
  encode_ntp(decoded->packet, header);
  require(as_text(header) == as_text(datagram.first(NtpPacket::kBytes)));
}

void check_refusal(const Error& error) {
  const std::string text = error.message() + error.hint();
  require(!error.hint().empty());
  for (const char c : text) require(c >= 0x20 && c < 0x7f);
}

void check_keys(Bytes content) {
  const auto keys = NtpKeys::parse(content, "keys");
  if (!keys) return check_refusal(keys.error());
  std::string datagram(NtpPacket::kBytes, '\0');
  datagram[0] = '\x23';
  for (const NtpKey& each : keys->keys()) {
    std::array<std::byte, NtpKey::kMacBytesMax> out;
    const auto mac = each.seal(as_bytes(datagram), out);
    require(mac.has_value());
    const std::string sealed = datagram + std::string(as_text(*mac));
    const auto decoded = decode_ntp(as_bytes(sealed));
    require(decoded && keys->verify(*decoded) == &each);
  }
}

/// Two in a row: the second may be interleaved.
void check_server(Bytes datagram) {
  NtpResponder responder({.precision = -24, .seed = 1});
  WallTime now{std::chrono::seconds(1'800'000'000)};
  for (int i = 0; i < 2; ++i, now += std::chrono::seconds(1)) {
    NtpReply reply = responder.decide({.bytes = datagram, .received_at = now, .port = 5}, {});
    responder.note_sent(datagram, now);
    if (!reply.is_sent()) return;
    std::string out(datagram.size(), '\0');
    const std::size_t size = responder.complete(reply, now, as_writable_bytes(out));
    require(size == NtpPacket::kBytes && size <= datagram.size());
    const Bytes sent = as_bytes(out).first(size);
    require(decode_ntp(sent).has_value());
    require(!responder.decide({.bytes = sent, .received_at = now, .port = 5}, {}).is_sent());
    responder.note_sent(sent, now);
  }
}

void check_client(Bytes datagram) {
  NtpAssociation association({.mode = NtpExchangeMode::interleaved});
  const ClockReading now{.wall = WallTime{std::chrono::seconds(1'800'000'000)}, .monotonic = {}};
  const NtpCookies cookies{{0x1122334455667788}, {0x8877665544332211}};
  require(association.begin(cookies, now).has_value());
  const NtpVerdict verdict = association.take(datagram, {}, now).verdict;
  if (verdict == NtpVerdict::dropped) return;
  const NtpTimestamp origin = decode_ntp(datagram)->packet.originate_time;
  require(origin == cookies.transmit || origin == cookies.receive);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  check_datagram(input);
  check_keys(input);
  check_server(input);
  check_client(input);
  return 0;
}
