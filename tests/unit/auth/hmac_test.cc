#include "auth/hmac.h"

#include <string>

#include <doctest/doctest.h>

#include "support/hex.h"
#include "support/loops.h"
#include "support/no_algorithms.h"

namespace hotline::auth::hmac_test {
namespace {

std::string tag_of(Digest digest, std::string_view secret, std::string_view message) {
  const auto tag = hmac(digest, Secret(as_bytes(secret)), as_bytes(message));
  REQUIRE(tag);
  return std::string(as_text(tag->bytes()));
}

TEST_CASE("HMAC-MD5 has the values of RFC 2202") {
  CHECK(tag_of(Digest::md5, std::string(16, '\x0b'), "Hi There") ==
        test::from_hex("9294727a3638bb1c13f48ef8158bfc9d"));
  CHECK(tag_of(Digest::md5, "Jefe", "what do ya want for nothing?") ==
        test::from_hex("750c783e6ab0b503eaa86e310a5db738"));
  CHECK(tag_of(Digest::md5, std::string(80, '\xaa'),
               "Test Using Larger Than Block-Size Key - Hash Key First") ==
        test::from_hex("6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"));
}

TEST_CASE("HMAC-SHA256 and HMAC-SHA384 have the values of RFC 4231") {
  constexpr std::string_view kMessage = "what do ya want for nothing?";
  CHECK(tag_of(Digest::sha256, "Jefe", kMessage) ==
        test::from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  CHECK(tag_of(Digest::sha384, "Jefe", kMessage) ==
        test::from_hex("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                       "8e2240ca5e69e2c78b3239ecfab21649"));
}

TEST_CASE("a tag has the size of its digest") {
  for (const auto& [digest, size] : {std::pair(Digest::md5, 16U), std::pair(Digest::sha256, 32U),
                                     std::pair(Digest::sha384, 48U)}) {
    CHECK(tag_bytes(digest) == size);
    CHECK(tag_of(digest, "k", "").size() == size);
  }
}

TEST_CASE("a digest has a name") {
  CHECK(name_of(Digest::md5) == "md5");
  CHECK(name_of(Digest::sha256) == "sha256");
  CHECK(name_of(Digest::sha384) == "sha384");
}

TEST_CASE("where OpenSSL forbids the digests each is refused by its name, and only then") {
  for (const Digest digest : {Digest::md5, Digest::sha256, Digest::sha384}) {
    {
      const test::NoAlgorithms forbidden;
      const auto tag = hmac(digest, Secret(as_bytes("secret")), {});
      REQUIRE(test::kind_of(tag) == "unsupported");
      CHECK(tag.error().message() ==
            "cannot compute an HMAC: OpenSSL has no " + std::string(name_of(digest)) + " here");
      CHECK(tag.error().hint() == "its configuration may forbid it: use another auth=");
    }
    CHECK(hmac(digest, Secret(as_bytes("secret")), {}));
  }
}

TEST_CASE("an empty secret is a mistake of the program") {
  const auto report =
      test::in_child_process([] { static_cast<void>(hmac(Digest::md5, Secret(), {})); });
  CHECK(report.error_text.find("an empty secret protects nothing") != std::string::npos);
}

}  // namespace
}  // namespace hotline::auth::hmac_test
