#include "services/ntp_packet.h"

#include <bit>

#include <utility>
#include "hotline/core/byte_order.h"

namespace hotline::services {
namespace {

// Where the fields of the header begin.
constexpr std::size_t kStratumAt = 1;
constexpr std::size_t kPollAt = 2;
constexpr std::size_t kPrecisionAt = 3;
constexpr std::size_t kRootDelayAt = 4;
constexpr std::size_t kRootDispersionAt = 8;
constexpr std::size_t kReferenceIdAt = 12;
constexpr std::size_t kReferenceTimeAt = 16;
constexpr std::size_t kOriginateTimeAt = 24;
constexpr std::size_t kReceiveTimeAt = 32;
constexpr std::size_t kTransmitTimeAt = 40;

// The first byte: two bits of leap, three of version, three of mode.
constexpr unsigned kLeapShift = 6;
constexpr unsigned kVersionShift = 3;
constexpr unsigned kThreeBits = 7;

/// Version 4 has MACs of these sizes only, so that they differ from extension fields.
constexpr std::size_t kMd5MacBytes = NtpMac::kKeyIdBytes + 16;
constexpr std::size_t kSha1MacBytes = NtpMac::kKeyIdBytes + 20;
constexpr std::size_t kMacBytesMax = NtpMac::kKeyIdBytes + NtpMac::kDigestBytesMax;
constexpr std::uint8_t kFirstVersionWithExtensions = 4;

template <typename Number>
Number load(Bytes bytes, std::size_t at) {
  return load_number<std::endian::big, Number>(bytes.subspan(at, sizeof(Number)).data());
}

template <typename Number>
void store(Number number, MutableBytes bytes, std::size_t at) {
  store_number<std::endian::big>(number, bytes.subspan(at, sizeof number).data());
}

void decode_header(Bytes bytes, NtpPacket& packet) {
  const auto first = load<std::uint8_t>(bytes, 0);
  packet.leap = static_cast<NtpLeap>(first >> kLeapShift);
  packet.version = first >> kVersionShift & kThreeBits;
  packet.mode = static_cast<NtpMode>(first & kThreeBits);
  packet.stratum = load<std::uint8_t>(bytes, kStratumAt);
  packet.poll = static_cast<std::int8_t>(load<std::uint8_t>(bytes, kPollAt));
  packet.precision = static_cast<std::int8_t>(load<std::uint8_t>(bytes, kPrecisionAt));
  packet.root_delay = {load<std::uint32_t>(bytes, kRootDelayAt)};
  packet.root_dispersion = {load<std::uint32_t>(bytes, kRootDispersionAt)};
  packet.reference_id = load<std::uint32_t>(bytes, kReferenceIdAt);
  packet.reference_time = {load<std::uint64_t>(bytes, kReferenceTimeAt)};
  packet.originate_time = {load<std::uint64_t>(bytes, kOriginateTimeAt)};
  packet.receive_time = {load<std::uint64_t>(bytes, kReceiveTimeAt)};
  packet.transmit_time = {load<std::uint64_t>(bytes, kTransmitTimeAt)};
}

bool is_mac(std::uint8_t version, std::size_t size) {
  if (size == NtpMac::kKeyIdBytes) return true;
  if (version >= kFirstVersionWithExtensions) return size == kMd5MacBytes || size == kSha1MacBytes;
  return size >= kMd5MacBytes && size <= kMacBytesMax && size % 4 == 0;
}

/// Returns the size of the chain of extension fields at the beginning of `rest`, which may be 0.
/// What remains after it is empty or a MAC. Returns nullopt if there is no such chain.
std::optional<std::size_t> chain_size(Bytes rest) {
  const std::size_t size = rest.size();
  std::size_t last = NtpExtension::kLastBytesMin;
  while (!rest.empty() && !is_mac(kFirstVersionWithExtensions, rest.size())) {
    const auto field = take_ntp_extension(rest);
    if (!field) return std::nullopt;
    last = field->whole.size();
  }
  if (rest.empty() && last < NtpExtension::kLastBytesMin) return std::nullopt;
  return size - rest.size();
}

NtpMac decode_mac(Bytes bytes) {
  return {load<std::uint32_t>(bytes, 0), bytes.subspan(NtpMac::kKeyIdBytes)};
}

/// Fills in `decoded`, and returns why the datagram is refused, or nothing.
NtpRefusal decode_into(NtpDatagram& decoded, Bytes datagram) {
  if (datagram.size() < NtpPacket::kBytes) return "is shorter than a header";
  decode_header(datagram, decoded.packet);
  const std::uint8_t version = decoded.packet.version;
  if (version < NtpPacket::kVersionMin || version > NtpPacket::kVersionMax) {
    return "has an unknown version";
  }
  Bytes rest = datagram.subspan(NtpPacket::kBytes);
  if (version >= kFirstVersionWithExtensions) {
    const auto size = chain_size(rest);
    if (!size) return "has a broken chain of extension fields";
    decoded.extensions = rest.first(*size);
    rest = rest.subspan(*size);
  }
  decoded.authenticated = datagram.first(datagram.size() - rest.size());
  if (rest.empty()) return {};
  if (!is_mac(version, rest.size())) return "has a MAC of a wrong size";
  decoded.mac = decode_mac(rest);
  return {};
}

}  // namespace

std::expected<NtpDatagram, NtpRefusal> decode_ntp(Bytes datagram) {
  // One object from here to the caller: copying it takes several times as long as decoding.
  std::expected<NtpDatagram, NtpRefusal> decoded(std::in_place);
  const NtpRefusal refusal = decode_into(*decoded, datagram);
  if (!refusal.empty()) decoded = std::unexpected(refusal);
  return decoded;
}

void encode_ntp(const NtpPacket& packet, std::span<std::byte, NtpPacket::kBytes> out) {
  const unsigned first = static_cast<unsigned>(packet.leap) << kLeapShift |
                         (packet.version & kThreeBits) << kVersionShift |
                         static_cast<unsigned>(packet.mode);
  store(static_cast<std::uint8_t>(first), out, 0);
  store(packet.stratum, out, kStratumAt);
  store(static_cast<std::uint8_t>(packet.poll), out, kPollAt);
  store(static_cast<std::uint8_t>(packet.precision), out, kPrecisionAt);
  store(packet.root_delay.value, out, kRootDelayAt);
  store(packet.root_dispersion.value, out, kRootDispersionAt);
  store(packet.reference_id, out, kReferenceIdAt);
  store(packet.reference_time.value, out, kReferenceTimeAt);
  store(packet.originate_time.value, out, kOriginateTimeAt);
  store(packet.receive_time.value, out, kReceiveTimeAt);
  store(packet.transmit_time.value, out, kTransmitTimeAt);
}

void encode_ntp_key_id(std::uint32_t key_id, std::span<std::byte, NtpMac::kKeyIdBytes> out) {
  store(key_id, out, 0);
}

std::optional<NtpExtension> take_ntp_extension(Bytes& rest) {
  if (rest.size() < NtpExtension::kBytesMin) return std::nullopt;
  const std::size_t size = load<std::uint16_t>(rest, 2);
  if (size < NtpExtension::kBytesMin || size % 4 != 0 || size > rest.size()) return std::nullopt;
  const Bytes whole = rest.first(size);
  rest = rest.subspan(size);
  return NtpExtension{load<std::uint16_t>(whole, 0), whole.subspan(NtpExtension::kHeaderBytes),
                      whole};
}

}  // namespace hotline::services
