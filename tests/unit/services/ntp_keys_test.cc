#include "services/ntp_keys.h"

#include <sys/stat.h>

#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/no_algorithms.h"
#include "support/temporary_directory.h"

namespace hotline::services::ntp_keys_test {
namespace {

NtpKeys parsed(std::string_view text) {
  auto keys = NtpKeys::parse(as_bytes(text), "keys");
  REQUIRE(keys);
  return *std::move(keys);
}

/// The secret of the only key in `text`.
std::string secret_in(std::string_view text) {
  const NtpKeys keys = parsed(text);
  REQUIRE(keys.keys().size() == 1);
  return std::string(as_text(keys.keys().front().secret.bytes()));
}

std::string refusal_of(std::string_view text) {
  const auto keys = NtpKeys::parse(as_bytes(text), "keys");
  REQUIRE_FALSE(keys);
  CHECK(keys.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(keys.error().hint().empty());
  return keys.error().message();
}

std::string sealed(const NtpKey& key, std::string datagram) {
  std::array<std::byte, NtpKey::kMacBytesMax> out;
  const auto mac = key.seal(as_bytes(datagram), out);
  REQUIRE(mac);
  return datagram.append(as_text(*mac));
}

void write(const std::string& path, std::string_view text, ::mode_t mode) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

std::string request() { return "\x23" + std::string(NtpPacket::kBytes - 1, '\0'); }

}  // namespace

TEST_CASE("a line has an id, a type and a key") {
  const NtpKeys keys = parsed(
      "# keys of this network\n"
      "10 SHA1 HEX:00ff\n"
      "\n"
      "  2\tMD5\tASCII:secret\t# for the backup\r\n"
      "4294967295 AES128 0123456789abcdef\n");
  REQUIRE(keys.keys().size() == 3);
  CHECK(keys.find(10)->kind == NtpMacKind::sha1);
  CHECK(keys.find(10)->secret == Secret(as_bytes(std::string_view("\0\xff", 2))));
  CHECK(keys.find(2)->kind == NtpMacKind::md5);
  CHECK(keys.find(2)->secret == Secret(as_bytes("secret")));
  CHECK(keys.find(4'294'967'295)->kind == NtpMacKind::aes_cmac);
  CHECK(keys.keys().front().id == 2);
}

TEST_CASE("an id that is not in the file has no key") {
  const NtpKeys keys = parsed("2 MD5 x\n4 MD5 y\n");
  for (const std::uint32_t id : {0U, 1U, 3U, 5U}) CHECK(keys.find(id) == nullptr);
  CHECK(parsed("").find(1) == nullptr);
}

TEST_CASE("a key without a type is of type MD5") {
  CHECK(parsed("7 secret").find(7)->kind == NtpMacKind::md5);
  CHECK(secret_in("7 secret") == "secret");
}

TEST_CASE("lines that begin with #, !, ; or % are comments, and the last line needs no end") {
  CHECK(parsed("# 1 MD5 a\n! 2 MD5 b\n; 3 MD5 c\n%4 MD5 d\n   # x").keys().empty());
  CHECK(parsed("1 MD5 a").keys().size() == 1);
}

TEST_CASE("a key is text or hexadecimal digits, as its prefix says") {
  CHECK(secret_in("1 MD5 ASCII:HEX:00") == "HEX:00");
  CHECK(secret_in("1 MD5 HEX:41424a4B") == "ABJK");
  CHECK(secret_in("1 MD5 a#b") == "a#b");
}

TEST_CASE("a key without a prefix is text, or hexadecimal digits if there are more than 20") {
  CHECK(secret_in("1 SHA1 41424344454647484950") == "41424344454647484950");
  CHECK(secret_in("1 SHA1 4142434445464748495051") == "ABCDEFGHIPQ");
  CHECK(secret_in("1 SHA1 414243444546474849505") == "414243444546474849505");
  CHECK(secret_in("1 SHA1 this-is-longer-than-20-characters") ==
        "this-is-longer-than-20-characters");
  CHECK(secret_in("1 AES128 30313233343536373839303132333435") == "0123456789012345");
}

TEST_CASE("a line that is not a key is refused with its number") {
  constexpr std::string_view kNoId =
      "cannot read keys:1: the line does not begin with the number of a key, from 1 to 4294967295";
  CHECK(refusal_of("1") == "cannot read keys:1: the key is missing");
  CHECK(refusal_of("# x\n\n1\n2 MD5 a") == "cannot read keys:3: the key is missing");
  CHECK(refusal_of("1 MD5 a b") == "cannot read keys:1: more than a comment follows the key");
  CHECK(refusal_of("1 MD5 a b c d") == "cannot read keys:1: more than a comment follows the key");
  for (const std::string_view id : {"0", "x", "-1", "+1", "1x", "4294967296", "0x1"}) {
    CHECK(refusal_of(std::string(id) + " MD5 a") == kNoId);
  }
  CHECK(refusal_of("1 MD5 a\n2 MD5 b\n1 MD5 c") == "cannot read keys:3: the key 1 is there twice");
}

TEST_CASE("a key that its type cannot have is refused") {
  CHECK(refusal_of("1 MD5 ASCII:") == "cannot read keys:1: the key is empty");
  CHECK(refusal_of("1 MD5 HEX:") == "cannot read keys:1: the key is empty");
  for (const std::string_view digits : {"0", "0g", "0x00", "012"}) {
    CHECK(refusal_of("1 MD5 HEX:" + std::string(digits)) ==
          "cannot read keys:1: after HEX: there must be pairs of hexadecimal digits");
  }
  CHECK(refusal_of("1 AES128 secret") ==
        "cannot read keys:1: the key has 6 bytes, and one of this type has 16");
  CHECK(refusal_of("1 AES128 HEX:" + std::string(34, '0')) ==
        "cannot read keys:1: the key has 17 bytes, and one of this type has 16");
}

TEST_CASE("an unknown type is refused with the names of all, and is not shown: it may be a key") {
  const auto keys = NtpKeys::parse(as_bytes("1 my secret"), "keys");
  REQUIRE_FALSE(keys);
  CHECK(keys.error().message() == "cannot read keys:1: the type of the key is unknown");
  CHECK(keys.error().hint() == "the types are MD5, SHA1 and AES128");
}

TEST_CASE("a datagram is verified with the key that its MAC names") {
  const NtpKeys keys = parsed("1 MD5 a\n2 SHA1 b\n3 AES128 0123456789abcdef\n");
  for (const NtpKey& each : keys.keys()) {
    const std::string datagram = sealed(each, request());
    CHECK(keys.verify(*decode_ntp(as_bytes(datagram))) == &each);
    std::string changed = datagram;
    changed[1] = '\x01';
    CHECK(keys.verify(*decode_ntp(as_bytes(changed))) == nullptr);
  }
  const NtpKeys others = parsed("4 MD5 a\n");
  const std::string foreign = sealed(others.keys().front(), request());
  CHECK(keys.verify(*decode_ntp(as_bytes(foreign))) == nullptr);
  const std::string bare = request();
  CHECK(keys.verify(*decode_ntp(as_bytes(bare))) == nullptr);
}

TEST_CASE("a file that only its owner may read is read") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("keys");
  write(path, "1 MD5 a\n", 0600);
  const auto keys = NtpKeys::read(path);
  REQUIRE(keys);
  CHECK(keys->keys().size() == 1);
  write(path, "1\n", 0600);
  CHECK(NtpKeys::read(path).error().message() == "cannot read " + path + ":1: the key is missing");
}

TEST_CASE("a file that others may read is refused, and one that is not there is not found") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("keys");
  CHECK(test::kind_of(NtpKeys::read(path)) == "not_found");
  write(path, "1 MD5 a\n", 0640);
  CHECK(test::kind_of(NtpKeys::read(path)) == "permission_denied");
}

TEST_CASE("a key whose algorithm OpenSSL forbids is refused with its line") {
  const test::NoAlgorithms forbidden;
  std::thread([] {
    const auto keys = NtpKeys::parse(as_bytes("\n1 MD5 a"), "keys");
    REQUIRE(test::kind_of(keys) == "unsupported");
    CHECK(keys.error().message() == "cannot read keys:2: OpenSSL has no MD5 here");
  }).join();
}

}  // namespace hotline::services::ntp_keys_test
