#include "hotline/auth/psk_derivation.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"

namespace hotline::psk_derivation_test {
namespace {

constexpr char kServerId[] = "00112233445566778899aabbccddeeff";

Key counting_key() {
  Key key{kServerId, "alice", Secret(Key::kSecretBytes)};
  for (std::size_t i = 0; i < Key::kSecretBytes; ++i) key.secret.fill()[i] = std::byte(i);
  return key;
}

}  // namespace

TEST_CASE("a pre-shared key is derived as another implementation derives it") {
  const Psk psk = derive_psk(counting_key());
  CHECK(psk.identity == "hotline1:00112233445566778899aabbccddeeff:alice");
  CHECK(psk.name == "alice");
  // HKDF of Python's hmac and hashlib.
  CHECK(to_hex(psk.key.bytes()) ==
        "a789c8d590065c3c9bcb281a2b32eb0aa6f6879a8fa6b7909544445cd2439400");
}

TEST_CASE("a pre-shared key depends on the secret, the server and the name") {
  const Key key = counting_key();
  Key other_secret = key;
  other_secret.secret.fill()[31] ^= std::byte(1);
  Key other_server = key;
  other_server.server_id.back() = '0';
  Key other_name = key;
  other_name.name = "bob";
  for (const Key& other : {other_secret, other_server, other_name}) {
    CHECK_FALSE((derive_psk(other).key == derive_psk(key).key));
  }
  CHECK(derive_psk(other_secret).identity == derive_psk(key).identity);
  CHECK(derive_psk(other_server).identity != derive_psk(key).identity);
  CHECK(derive_psk(other_name).identity != derive_psk(key).identity);
}

TEST_CASE("the longest identity fits into the 128 bytes that TLS keys may have here") {
  CHECK(psk_identity(kServerId, std::string(Key::kNameBytesMax, 'x')).size() == 106);
}

}  // namespace hotline::psk_derivation_test
