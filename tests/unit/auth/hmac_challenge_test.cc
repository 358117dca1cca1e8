#include "auth/hmac_challenge.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/hex.h"
#include "support/loops.h"
#include "support/no_algorithms.h"

namespace hotline::auth::hmac_challenge_test {
namespace {

const HmacForm kForms[] = {kHmacMd5, kHmacSha256};

Secret secret_of(std::string_view text) { return Secret(as_bytes(text)); }

/// The bytes 0 to 31.
Nonce counted_nonce() {
  Nonce nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::byte>(i);
  return nonce;
}

std::string answer_of(const HmacForm& form, std::string_view secret, const Nonce& nonce) {
  const auto tag = encode_answer(form, secret_of(secret), nonce);
  REQUIRE(tag);
  return std::string(as_text(tag->bytes()));
}

bool accepts(const HmacForm& form, std::string_view secret, const Nonce& nonce,
             std::string_view answer) {
  const auto is_right = is_answer(form, secret_of(secret), nonce, as_bytes(answer));
  REQUIRE(is_right);
  return *is_right;
}

TEST_CASE("the answers are those that docs/wire/challenge.md gives as examples") {
  CHECK(answer_of(kHmacMd5, "secret", counted_nonce()) ==
        test::from_hex("0daba9e53256b66a2aa1fd3d7346bf04"));
  CHECK(answer_of(kHmacSha256, "secret", counted_nonce()) ==
        test::from_hex("d89bffcda11650b7ea5f6d70b93a5e28d07adbb2bffa6002abdf27f01b75abb1"));
}

TEST_CASE("two nonces differ") { CHECK(make_nonce() != make_nonce()); }

TEST_CASE("the answer to a nonce is accepted with the same secret and refused with another") {
  for (const HmacForm& form : kForms) {
    const Nonce nonce = make_nonce();
    const std::string answer = answer_of(form, "secret", nonce);
    CHECK(accepts(form, "secret", nonce, answer));
    CHECK_FALSE(accepts(form, "secreT", nonce, answer));
    CHECK_FALSE(accepts(form, "secret\n", nonce, answer));
  }
}

TEST_CASE("an answer is refused for another nonce: it cannot be replayed") {
  for (const HmacForm& form : kForms) {
    const std::string answer = answer_of(form, "secret", make_nonce());
    CHECK_FALSE(accepts(form, "secret", make_nonce(), answer));
  }
}

TEST_CASE("an answer with one changed bit is refused, whichever bit it is") {
  for (const HmacForm& form : kForms) {
    const Nonce nonce = counted_nonce();
    const std::string right = answer_of(form, "secret", nonce);
    for (std::size_t bit = 0; bit < 8 * right.size(); ++bit) {
      std::string changed = right;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      CHECK_FALSE(accepts(form, "secret", nonce, changed));
    }
  }
}

TEST_CASE("an answer that is too short or too long is refused") {
  for (const HmacForm& form : kForms) {
    const Nonce nonce = counted_nonce();
    const std::string right = answer_of(form, "secret", nonce);
    for (std::size_t size = 0; size < right.size(); ++size) {
      CHECK_FALSE(accepts(form, "secret", nonce, right.substr(0, size)));
    }
    CHECK_FALSE(accepts(form, "secret", nonce, right + right));
    CHECK_FALSE(accepts(form, "secret", nonce, right + '\0'));
  }
}

TEST_CASE("the challenge itself is not an answer") {
  const Nonce nonce = make_nonce();
  CHECK_FALSE(accepts(kHmacMd5, "secret", nonce, as_text(nonce).substr(0, 16)));
  CHECK_FALSE(accepts(kHmacSha256, "secret", nonce, as_text(nonce)));
}

TEST_CASE("an HMAC-SHA256 that was made without the label of the caller is refused") {
  const Nonce nonce = make_nonce();
  const auto reflected = hmac(Digest::sha256, secret_of("secret"), nonce);
  REQUIRE(reflected);
  CHECK_FALSE(accepts(kHmacSha256, "secret", nonce, as_text(reflected->bytes())));
}

TEST_CASE("where OpenSSL forbids the digests no answer is made and none is accepted") {
  const test::NoAlgorithms forbidden;
  for (const HmacForm& form : kForms) {
    const auto made = encode_answer(form, secret_of("secret"), counted_nonce());
    CHECK(test::kind_of(made) == "unsupported");
    for (const std::string& answer : {std::string(), std::string(tag_bytes(form.digest), '\0')}) {
      const auto is_right = is_answer(form, secret_of("secret"), counted_nonce(), as_bytes(answer));
      CHECK(test::kind_of(is_right) == "unsupported");
    }
  }
}

}  // namespace
}  // namespace hotline::auth::hmac_challenge_test
