#include "services/ntp_packet.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/hex.h"

namespace hotline::services::ntp_packet_test {
namespace {

/// A header of version `version` and mode 3.
std::string header(unsigned version) {
  std::string bytes(NtpPacket::kBytes, '\0');
  bytes[0] = static_cast<char>(version << 3 | 3);
  return bytes;
}

/// An extension field of `size` bytes, or one that says it has `said`.
std::string field(std::size_t size, std::size_t said = 0) {
  if (said == 0) said = size;
  std::string bytes(size, 'x');
  bytes.replace(0, 4, {'\x23', '\x04', static_cast<char>(said >> 8), static_cast<char>(said)});
  return bytes;
}

std::string refusal_of(std::string_view datagram) {
  const auto decoded = decode_ntp(as_bytes(datagram));
  return decoded ? "" : std::string(decoded.error());
}

/// The sizes of the extension fields of a datagram that is accepted.
std::vector<std::size_t> field_sizes(std::string_view datagram) {
  const auto decoded = decode_ntp(as_bytes(datagram));
  REQUIRE(decoded);
  std::vector<std::size_t> sizes;
  Bytes rest = decoded->extensions;
  while (const auto each = take_ntp_extension(rest)) sizes.push_back(each->whole.size());
  CHECK(rest.empty());
  return sizes;
}

constexpr std::string_view kBrokenChain = "has a broken chain of extension fields";
constexpr std::string_view kWrongMac = "has a MAC of a wrong size";

}  // namespace

TEST_CASE("each field of the header is where RFC 5905 puts it") {
  const std::string bytes = test::from_hex(
      "5c02f6e80000001000000020c0a80001ee000000400000000102030405060708"
      "1112131415161718e1e2e3e4e5e6e7e8");
  const auto decoded = decode_ntp(as_bytes(bytes));
  REQUIRE(decoded);
  const NtpPacket& packet = decoded->packet;
  CHECK(packet.leap == NtpLeap::insert);
  CHECK(packet.version == 3);
  CHECK(packet.mode == NtpMode::server);
  CHECK(packet.stratum == 2);
  CHECK(packet.poll == -10);
  CHECK(packet.precision == -24);
  CHECK(packet.root_delay.value == 16);
  CHECK(packet.root_dispersion.value == 32);
  CHECK(packet.reference_id == 0xc0a80001);
  CHECK(packet.reference_time.value == 0xee00000040000000);
  CHECK(packet.originate_time.value == 0x0102030405060708);
  CHECK(packet.receive_time.value == 0x1112131415161718);
  CHECK(packet.transmit_time.value == 0xe1e2e3e4e5e6e7e8);
}

TEST_CASE("any header is encoded to the bytes that it was decoded from") {
  for (unsigned first = 0; first < 256; ++first) {
    std::string bytes(NtpPacket::kBytes, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 37 + first);
    bytes[0] = static_cast<char>(first);
    const auto decoded = decode_ntp(as_bytes(bytes));
    const unsigned version = first >> 3 & 7;
    REQUIRE(decoded.has_value() == (version >= 1 && version <= 4));
    if (!decoded) continue;
    std::array<std::byte, NtpPacket::kBytes> encoded;
    encode_ntp(decoded->packet, encoded);
    REQUIRE(as_text(encoded) == bytes);
  }
}

TEST_CASE("versions other than 1 to 4 are refused") {
  for (const unsigned version : {0U, 5U, 6U, 7U}) {
    CHECK(refusal_of(header(version)) == "has an unknown version");
  }
  for (const unsigned version : {1U, 2U, 3U, 4U}) CHECK(refusal_of(header(version)).empty());
}

TEST_CASE("what is shorter than a header is refused") {
  for (const std::size_t size : {0U, 1U, 47U}) {
    CHECK(refusal_of(header(4).substr(0, size)) == "is shorter than a header");
  }
}

TEST_CASE("a bare header has neither extension fields nor a MAC") {
  const std::string bytes = header(4);
  const auto decoded = decode_ntp(as_bytes(bytes));
  REQUIRE(decoded);
  CHECK(decoded->extensions.empty());
  CHECK_FALSE(decoded->mac);
  CHECK(decoded->authenticated.size() == 48);
}

TEST_CASE("a MAC has a key id and a digest, and covers what precedes it") {
  for (const unsigned version : {1U, 2U, 3U, 4U}) {
    for (const std::size_t digest : {16U, 20U}) {
      const std::string bytes =
          header(version) + std::string("\x01\x02\x03\x04", 4) + std::string(digest, 'd');
      const auto decoded = decode_ntp(as_bytes(bytes));
      REQUIRE(decoded);
      REQUIRE(decoded->mac);
      CHECK(decoded->mac->key_id == 0x01020304);
      CHECK(as_text(decoded->mac->digest) == std::string(digest, 'd'));
      CHECK_FALSE(decoded->mac->is_crypto_nak());
      CHECK(decoded->authenticated.size() == 48);
    }
  }
}

TEST_CASE("four bytes after the header are a crypto-NAK") {
  for (const unsigned version : {1U, 3U, 4U}) {
    const std::string bytes = header(version) + std::string(4, '\0');
    const auto decoded = decode_ntp(as_bytes(bytes));
    REQUIRE(decoded);
    REQUIRE(decoded->mac);
    CHECK(decoded->mac->is_crypto_nak());
  }
}

TEST_CASE("version 3 has MACs with longer digests too, and no extension fields") {
  CHECK(refusal_of(header(3) + std::string(4 + 32, 'd')).empty());
  CHECK(refusal_of(header(3) + std::string(4 + 64, 'd')).empty());
  CHECK(refusal_of(header(3) + std::string(4 + 68, 'd')) == kWrongMac);
  const std::string bytes = header(3) + field(28);
  const auto decoded = decode_ntp(as_bytes(bytes));
  REQUIRE(decoded);
  CHECK(decoded->extensions.empty());
  CHECK(decoded->mac->digest.size() == 24);
}

TEST_CASE("a remainder that is neither a MAC nor a chain is refused") {
  for (const std::size_t size : {1U, 2U, 3U, 5U, 8U, 12U, 15U, 16U, 19U, 21U, 23U, 25U, 27U}) {
    CAPTURE(size);
    CHECK(refusal_of(header(3) + std::string(size, '\0')) == kWrongMac);
    CHECK(refusal_of(header(4) + std::string(size, '\0')) == kBrokenChain);
  }
}

TEST_CASE("extension fields follow each other, with a MAC after the last one or not") {
  CHECK(field_sizes(header(4) + field(28)) == std::vector<std::size_t>{28});
  CHECK(field_sizes(header(4) + field(1000)) == std::vector<std::size_t>{1000});
  CHECK(field_sizes(header(4) + field(16) + field(28)) == std::vector<std::size_t>{16, 28});
  CHECK(field_sizes(header(4) + field(16) + std::string(20, 'm')) == std::vector<std::size_t>{16});
  CHECK(field_sizes(header(4) + field(32) + field(16) + std::string(24, 'm')) ==
        std::vector<std::size_t>{32, 16});
  CHECK(field_sizes(header(4) + field(28) + std::string(4, '\0')) == std::vector<std::size_t>{28});
}

TEST_CASE("a MAC covers the extension fields before it") {
  const std::string bytes = header(4) + field(40) + std::string(20, 'm');
  const auto decoded = decode_ntp(as_bytes(bytes));
  REQUIRE(decoded);
  CHECK(decoded->authenticated.size() == 88);
  CHECK(decoded->extensions.size() == 40);
  CHECK(as_text(decoded->mac->digest) == std::string(16, 'm'));
}

TEST_CASE("an extension field has a type and a body") {
  std::string bytes = header(4) + field(28);
  bytes.back() = 'e';
  const auto decoded = decode_ntp(as_bytes(bytes));
  REQUIRE(decoded);
  Bytes rest = decoded->extensions;
  const auto only = take_ntp_extension(rest);
  REQUIRE(only);
  CHECK(only->type == 0x2304);
  CHECK(as_text(only->body) == std::string(23, 'x') + "e");
  CHECK(only->whole.data() == decoded->extensions.data());
  CHECK_FALSE(take_ntp_extension(rest));
}

TEST_CASE("a broken chain of extension fields is refused") {
  CHECK(refusal_of(header(4) + field(16)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28) + field(16)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28, 3)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28, 12)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28, 26)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28, 32)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28, 65'532)) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(28) + std::string(8, 'x')) == kBrokenChain);
  CHECK(refusal_of(header(4) + field(32, 28)).empty());
}

TEST_CASE("a code of up to four characters is a reference id") {
  CHECK(kNtpKissRate == 0x52415445);
  CHECK(ntp_code("GPS") == 0x47505300);
  CHECK(ntp_code("") == 0);
}

TEST_CASE("a key id is written with its most significant byte first") {
  std::array<std::byte, NtpMac::kKeyIdBytes> bytes;
  encode_ntp_key_id(0x01020304, bytes);
  CHECK(as_text(bytes) == std::string_view("\x01\x02\x03\x04", 4));
}

}  // namespace hotline::services::ntp_packet_test
