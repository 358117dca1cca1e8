#include "services/ntp_key.h"

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"
#include "support/hex.h"
#include "support/loops.h"
#include "support/no_algorithms.h"

namespace hotline::services::ntp_key_test {
namespace {

constexpr std::string_view kRequest =
    "2300000000000000000000000000000000000000000000000000000000000000000000000000000001020304050607"
    "08";

NtpKey key(NtpMacKind kind, std::string_view hex, std::uint32_t id = 1) {
  return {id, kind, Secret(as_bytes(test::from_hex(hex)))};
}

std::string mac_of(const NtpKey& key, std::string_view message) {
  std::array<std::byte, NtpKey::kMacBytesMax> out;
  const auto mac = key.seal(as_bytes(message), out);
  REQUIRE(mac);
  return std::string(as_text(*mac));
}

/// The digest in the MAC of the message with those hexadecimal digits.
std::string digest_of(const NtpKey& key, std::string_view hex) {
  return to_hex(as_bytes(mac_of(key, test::from_hex(hex)).substr(NtpMac::kKeyIdBytes)));
}

bool is_verified(const NtpKey& key, const std::string& datagram) {
  const auto decoded = decode_ntp(as_bytes(datagram));
  REQUIRE(decoded);
  return key.verify(*decoded);
}

constexpr NtpMacKind kKinds[] = {NtpMacKind::md5, NtpMacKind::sha1, NtpMacKind::aes_cmac};
constexpr std::string_view kSecret = "2b7e151628aed2a6abf7158809cf4f3c";

}  // namespace

TEST_CASE("AES-CMAC has the values of RFC 4493, which RFC 8573 uses") {
  const NtpKey cmac = key(NtpMacKind::aes_cmac, kSecret);
  const std::string message =
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
  CHECK(digest_of(cmac, "") == "bb1d6929e95937287fa37d129b756746");
  CHECK(digest_of(cmac, message.substr(0, 32)) == "070a16b46b4d4144f79bdd9dd04a287c");
  CHECK(digest_of(cmac, message.substr(0, 80)) == "dfa66747de9ae63030ca32611497c827");
  CHECK(digest_of(cmac, message) == "51f0bebf7e3b9d92fc49741779363cfe");
}

TEST_CASE("AES-CMAC of a request is what the command openssl computes") {
  CHECK(digest_of(key(NtpMacKind::aes_cmac, kSecret), kRequest) ==
        "ffdc21e770c6641aed49ba528bab9169");
}

TEST_CASE("the MACs of hash functions are what python3 computes of the key and the request") {
  const std::string_view secret = "736563726574";
  const std::string_view long_secret = "0123456789abcdef0123456789abcdef01234567";
  CHECK(digest_of(key(NtpMacKind::md5, secret), kRequest) == "495ab39d3d9ec1160f62a29d426975c3");
  CHECK(digest_of(key(NtpMacKind::sha1, secret), kRequest) ==
        "a0533497733455219ba2d605f024254dd395dba1");
  CHECK(digest_of(key(NtpMacKind::md5, long_secret), kRequest) ==
        "5519834e7af02a43b06985f76a26c62a");
  CHECK(digest_of(key(NtpMacKind::sha1, long_secret), kRequest) ==
        "fa98a96fb9cbff2dea93d437a53aeff2f8428ddf");
}

TEST_CASE("a MAC begins with the id of its key") {
  for (const NtpMacKind kind : kKinds) {
    const NtpKey sealing = key(kind, kSecret, 0x01020304);
    const std::string mac = mac_of(sealing, "message");
    CHECK(mac.substr(0, 4) == std::string_view("\x01\x02\x03\x04", 4));
    CHECK(mac.size() == sealing.mac_bytes());
  }
}

TEST_CASE("a datagram with the MAC of a key is verified with that key only") {
  for (const NtpMacKind kind : kKinds) {
    const std::string request = test::from_hex(kRequest);
    const std::string sealed = request + mac_of(key(kind, kSecret), request);
    CHECK(is_verified(key(kind, kSecret), sealed));
    CHECK_FALSE(is_verified(key(kind, kSecret, 2), sealed));
    CHECK_FALSE(is_verified(key(kind, "3b7e151628aed2a6abf7158809cf4f3c"), sealed));
    CHECK_FALSE(is_verified(key(kind, kSecret), request));
    CHECK_FALSE(is_verified(key(kind, kSecret), request + sealed.substr(48, 4)));
  }
}

TEST_CASE("no bit of an authenticated datagram can be changed") {
  for (const NtpMacKind kind : kKinds) {
    const std::string request = test::from_hex(kRequest);
    const std::string sealed = request + mac_of(key(kind, kSecret), request);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      std::string changed = sealed;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      const auto decoded = decode_ntp(as_bytes(changed));
      REQUIRE_FALSE((decoded && key(kind, kSecret).verify(*decoded)));
    }
  }
}

TEST_CASE("a MAC of another kind of key is refused, even of the same size") {
  const std::string request = test::from_hex(kRequest);
  const std::string sealed = request + mac_of(key(NtpMacKind::md5, kSecret), request);
  CHECK_FALSE(is_verified(key(NtpMacKind::aes_cmac, kSecret), sealed));
  CHECK_FALSE(is_verified(key(NtpMacKind::sha1, kSecret), sealed));
}

TEST_CASE("a kind has the names that chronyd and ntpd have for it, in upper or lower case") {
  for (const std::string_view name : {"MD5", "md5", "M"}) {
    CHECK(parse_ntp_mac_kind(name) == NtpMacKind::md5);
  }
  for (const std::string_view name : {"SHA1", "sha1", "SHA", "SHA-1"}) {
    CHECK(parse_ntp_mac_kind(name) == NtpMacKind::sha1);
  }
  for (const std::string_view name :
       {"AES128", "aes128", "AES", "AES-128", "AES-128-CMAC", "AES128CMAC", "AES-CMAC"}) {
    CHECK(parse_ntp_mac_kind(name) == NtpMacKind::aes_cmac);
  }
  for (const std::string_view name : {"", "MD", "MD55", "SHA256", "AES256"}) {
    CHECK_FALSE(parse_ntp_mac_kind(name));
  }
  CHECK(list_names(ntp_mac_kinds()) == "MD5, SHA1 and AES128");
}

TEST_CASE("where OpenSSL forbids the algorithm, sealing fails and nothing is verified") {
  const test::NoAlgorithms forbidden;
  std::thread([] {
    for (const NtpMacKind kind : kKinds) {
      std::array<std::byte, NtpKey::kMacBytesMax> out;
      CHECK(test::kind_of(key(kind, kSecret).seal({}, out)) == "unsupported");
      CHECK_FALSE(is_verified(key(kind, kSecret), test::from_hex(kRequest) + std::string(24, 'd')));
    }
  }).join();
}

}  // namespace hotline::services::ntp_key_test
