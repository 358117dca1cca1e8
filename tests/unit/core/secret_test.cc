#include "hotline/core/secret.h"

#include <concepts>
#include <ostream>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace hotline::secret_test {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST_CASE("a secret holds a copy of its bytes") {
  std::string text = "open sesame";
  const Secret secret(as_bytes(text));
  text[0] = 'x';
  CHECK(as_text(secret.bytes()) == "open sesame");
  CHECK(secret.size() == 11);
  CHECK_FALSE(secret.empty());
}

TEST_CASE("secrets are equal if their lengths and bytes are") {
  const Secret secret(as_bytes("abc"));
  CHECK(secret == Secret(as_bytes("abc")));
  CHECK_FALSE(secret == Secret(as_bytes("abd")));
  CHECK_FALSE(secret == Secret(as_bytes("xbc")));
  CHECK_FALSE(secret == Secret(as_bytes("ab")));
  CHECK_FALSE(secret == Secret());
  CHECK(Secret() == Secret(as_bytes("")));
}

TEST_CASE("a secret that was moved from is empty") {
  Secret from(as_bytes("abc"));
  Secret to(std::move(from));
  CHECK(from.empty());
  CHECK(as_text(to.bytes()) == "abc");
  Secret assigned(as_bytes("old"));
  assigned = std::move(to);
  CHECK(to.empty());
  CHECK(as_text(assigned.bytes()) == "abc");
}

TEST_CASE("an assignment overwrites the bytes that were there") {
  Secret secret(as_bytes("abc"));
  const Secret other(as_bytes("defg"));
  secret = other;
  CHECK(as_text(secret.bytes()) == "defg");
  CHECK(as_text(other.bytes()) == "defg");
  secret = *&secret;
  CHECK(as_text(secret.bytes()) == "defg");
}

TEST_CASE("wiping overwrites every byte") {
  std::string text = "open sesame";
  wipe(std::as_writable_bytes(std::span(text)));
  CHECK(text == std::string(11, '\0'));
  wipe({});
}

TEST_CASE("a secret cannot be printed") { CHECK_FALSE(Printable<Secret>); }

}  // namespace
}  // namespace hotline::secret_test
