#include "auth/hkdf.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"
#include "support/loops.h"

namespace hotline::auth::hkdf_test {
TEST_CASE("the first 32 bytes of the third example of RFC 5869 come out") {
  const Secret secret(as_bytes(std::string(22, '\x0b')));
  CHECK(to_hex(derive_key(secret, "").bytes()) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST_CASE("another text gives another key") {
  const Secret secret(as_bytes(std::string(32, 'k')));
  CHECK((derive_key(secret, "a") == derive_key(secret, "a")));
  CHECK_FALSE((derive_key(secret, "a") == derive_key(secret, "b")));
  CHECK_FALSE((derive_key(secret, "a") == derive_key(secret, "")));
}

TEST_CASE("a key can be derived on the stack of a fiber") {
  const Secret secret(as_bytes(std::string(32, 'k')));
  const Secret expected = derive_key(secret, "a");
  test::on_each_loop([&](engine::EventLoop&) { CHECK((derive_key(secret, "a") == expected)); });
}

}  // namespace hotline::auth::hkdf_test
