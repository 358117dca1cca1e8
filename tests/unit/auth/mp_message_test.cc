#include "auth/mp_message.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/hex.h"
#include "support/loops.h"
#include "support/no_algorithms.h"

namespace hotline::auth::mp_message_test {
namespace {

using namespace std::string_literals;

const std::string kNonce(kMpNonceBytes, 'n');

Secret secret_of(std::string_view text) { return Secret(as_bytes(text)); }

std::string text_of(const MpMessage& message) { return std::string(message.text()); }

/// The text of the refusal, or "accepted".
template <typename Value>
std::string refusal_of(const std::expected<Value, MpRefusal>& decoded) {
  return decoded ? "accepted" : std::string(decoded.error());
}

std::string refusal_of_length(const std::string& field) {
  REQUIRE(field.size() == kMpLengthBytes);
  return refusal_of(decode_mp_length(std::span<const std::byte, kMpLengthBytes>(as_bytes(field))));
}

std::string refusal_of_challenge(const std::string& message) {
  return refusal_of(decode_mp_challenge(as_bytes(message)));
}

std::string refusal_of_answer(const std::string& message) {
  return refusal_of(decode_mp_answer(as_bytes(message)));
}

constexpr char kOtherChallenge[] = "is a challenge for a digest other than sha256 and sha384";
constexpr char kOtherAnswer[] = "is an answer with a digest other than sha256 and sha384";
constexpr char kTagSize[] = "is an answer whose tag has not the size of its digest";

TEST_CASE("a message is sent after its length, most significant byte first") {
  MpMessage message;
  message.append("#WELCOME#");
  CHECK(as_text(message.on_wire()) == "\0\0\0\x09#WELCOME#"s);
  message.append(std::string(247, 'x'));
  CHECK(as_text(message.on_wire().first(4)) == "\0\0\x01\0"s);
  CHECK(message.bytes().size() == 256);
  CHECK(message.on_wire().size() == 260);
}

TEST_CASE("a length from 1 to 256 is accepted") {
  CHECK(refusal_of_length("\0\0\0\x01"s) == "accepted");
  CHECK(refusal_of_length("\0\0\x01\0"s) == "accepted");
  CHECK(*decode_mp_length(std::span<const std::byte, 4>(as_bytes("\0\0\0\x29"s))) == 0x29);
}

TEST_CASE("an empty message is refused") { CHECK(refusal_of_length("\0\0\0\0"s) == "is empty"); }

TEST_CASE("a length above 256, a negative one and the long form are refused") {
  for (const std::string& field : {"\0\0\x01\x01"s, "\0\x01\0\0"s, "\x01\0\0\0"s,
                                   "\x7f\xff\xff\xff"s, "\x80\0\0\0"s, "\xff\xff\xff\xff"s}) {
    CHECK(refusal_of_length(field) == "is longer than 256 bytes");
  }
}

TEST_CASE("a challenge names its digest and has 40 random bytes") {
  const std::string one = text_of(encode_mp_challenge(Digest::sha256));
  CHECK(one.starts_with("#CHALLENGE#{sha256}"));
  CHECK(one.size() == 19 + 40);
  CHECK(one != text_of(encode_mp_challenge(Digest::sha256)));
  CHECK(text_of(encode_mp_challenge(Digest::sha384)).starts_with("#CHALLENGE#{sha384}"));
}

TEST_CASE("a challenge that was encoded is decoded to its digest and what the tag is made of") {
  for (const Digest digest : {Digest::sha256, Digest::sha384}) {
    const MpMessage message = encode_mp_challenge(digest);
    const auto challenge = decode_mp_challenge(message.bytes());
    REQUIRE(challenge);
    CHECK(challenge->digest == digest);
    CHECK(as_text(challenge->signed_part) == message.text().substr(11));
  }
}

TEST_CASE("a challenge is accepted from 32 random bytes on") {
  CHECK(refusal_of_challenge("#CHALLENGE#{sha256}" + std::string(32, 'n')) == "accepted");
  CHECK(refusal_of_challenge("#CHALLENGE#{sha256}" + std::string(31, 'n')) ==
        "is a challenge with too few random bytes");
  CHECK(refusal_of_challenge("#CHALLENGE#{sha256}") == "is a challenge with too few random bytes");
}

TEST_CASE("a message that does not begin as a challenge is none, wherever it is cut off") {
  const std::string whole = "#CHALLENGE#";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(refusal_of_challenge(whole.substr(0, size)) == "is not a challenge");
  }
  CHECK(refusal_of_challenge("#WELCOME#") == "is not a challenge");
  CHECK(refusal_of_challenge("#challenge#{sha256}" + kNonce) == "is not a challenge");
  CHECK(refusal_of_challenge(" #CHALLENGE#{sha256}" + kNonce) == "is not a challenge");
}

TEST_CASE("the challenge of Python 3.11, 20 bytes without a digest, is refused") {
  const std::string legacy = "is the challenge of Python 3.11 or older, which is for MD5";
  CHECK(refusal_of_challenge("#CHALLENGE#" + std::string(20, 'n')) == legacy);
  CHECK(refusal_of_challenge("#CHALLENGE#{sha256}" + std::string(12, 'n')) == legacy);
}

TEST_CASE("a challenge without a digest that is accepted is refused") {
  for (const char* digest :
       {"", "{md5}", "{sha1}", "{sha3_256}", "{sha3_384}", "{sha512}", "{SHA256}", "{sha256",
        "sha256}", "{}", "{sha2566}", "{sha25}", "{sha256,sha384}", " {sha256}", "{{sha256}"}) {
    CAPTURE(digest);
    CHECK(refusal_of_challenge("#CHALLENGE#" + std::string(digest) + kNonce) == kOtherChallenge);
  }
  CHECK(refusal_of_challenge("#CHALLENGE#") == kOtherChallenge);
  CHECK(refusal_of_challenge("#CHALLENGE#{sha256") == kOtherChallenge);
}

TEST_CASE("an answer is the digest and the HMAC of what follows #CHALLENGE#") {
  const std::string message = "#CHALLENGE#{sha256}" + kNonce;
  const auto challenge = decode_mp_challenge(as_bytes(message));
  REQUIRE(challenge);
  const auto answer = encode_mp_answer(secret_of("secret"), *challenge);
  REQUIRE(answer);
  // hmac.new(b"secret", b"{sha256}" + 40 * b"n", "sha256").hexdigest()
  CHECK(text_of(*answer) ==
        "{sha256}" +
            test::from_hex("3a4977151da1eb5e19a68c070660402552ca6b8b768cdeafefa63f78058b2af5"));
  const std::string other = "#CHALLENGE#{sha384}" + kNonce;
  const auto longer = encode_mp_answer(secret_of("secret"), *decode_mp_challenge(as_bytes(other)));
  REQUIRE(longer);
  CHECK(text_of(*longer) ==
        "{sha384}" + test::from_hex("484867219f873fdd09445c69caf2cb70c6cef28c39bcb529"
                                    "c93a4edf3c3f000f7fc3af23bfe673739956e4fbabf0cb00"));
}

TEST_CASE("the right answer is accepted, with the digest of the challenge or the other one") {
  const MpMessage message = encode_mp_challenge(Digest::sha256);
  MpChallenge challenge = *decode_mp_challenge(message.bytes());
  const MpChallenge asked = challenge;
  for (const Digest digest : {Digest::sha256, Digest::sha384}) {
    challenge.digest = digest;
    const auto encoded = encode_mp_answer(secret_of("secret"), challenge);
    REQUIRE(encoded);
    const auto answer = decode_mp_answer(encoded->bytes());
    REQUIRE(answer);
    CHECK(is_mp_answer(secret_of("secret"), asked, *answer).value());
    CHECK_FALSE(is_mp_answer(secret_of("Secret"), asked, *answer).value());
  }
}

TEST_CASE("an answer with one changed bit in its tag is refused, whichever bit it is") {
  const MpMessage message = encode_mp_challenge(Digest::sha256);
  const MpChallenge challenge = *decode_mp_challenge(message.bytes());
  const std::string right = text_of(*encode_mp_answer(secret_of("secret"), challenge));
  for (std::size_t bit = 8 * 8; bit < 8 * right.size(); ++bit) {
    std::string changed = right;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const auto answer = decode_mp_answer(as_bytes(changed));
    REQUIRE(answer);
    CHECK_FALSE(is_mp_answer(secret_of("secret"), challenge, *answer).value());
  }
}

TEST_CASE("the answer to another challenge is refused: it cannot be replayed") {
  const MpMessage first = encode_mp_challenge(Digest::sha256);
  const MpMessage second = encode_mp_challenge(Digest::sha256);
  const auto encoded = encode_mp_answer(secret_of("k"), *decode_mp_challenge(first.bytes()));
  REQUIRE(encoded);
  const auto answer = decode_mp_answer(encoded->bytes());
  REQUIRE(answer);
  CHECK_FALSE(is_mp_answer(secret_of("k"), *decode_mp_challenge(second.bytes()), *answer).value());
}

TEST_CASE("the answer of Python 3.11, 16 bytes without a digest, is refused") {
  CHECK(refusal_of_answer(std::string(16, 't')) ==
        "is the answer of Python 3.11 or older, which is HMAC-MD5");
  CHECK(refusal_of_answer("{sha256}" + std::string(8, 't')) ==
        "is the answer of Python 3.11 or older, which is HMAC-MD5");
}

TEST_CASE("an answer without a digest that is accepted is refused") {
  for (const char* digest :
       {"", "{md5}", "{sha1}", "{sha3_256}", "{SHA256}", "{sha256", "sha256}", "{}"}) {
    CAPTURE(digest);
    CHECK(refusal_of_answer(digest + std::string(32, 't')) == kOtherAnswer);
  }
  CHECK(refusal_of_answer("") == kOtherAnswer);
  CHECK(refusal_of_answer("{") == kOtherAnswer);
  CHECK(refusal_of_answer("{sha256") == kOtherAnswer);
}

TEST_CASE("an answer is refused whose tag is cut off, too long or of the other digest") {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 48U, 248U}) {
    CHECK(refusal_of_answer("{sha256}" + std::string(size, 't')) == kTagSize);
  }
  for (const std::size_t size : {0U, 32U, 47U, 49U}) {
    CHECK(refusal_of_answer("{sha384}" + std::string(size, 't')) == kTagSize);
  }
}

TEST_CASE("our own challenge, sent back, is not an answer") {
  const MpMessage message = encode_mp_challenge(Digest::sha256);
  CHECK(refusal_of_answer(text_of(message)) == kOtherAnswer);
  CHECK(refusal_of_answer(text_of(message).substr(11)) == kTagSize);
}

TEST_CASE("a verdict is one of two texts and nothing else") {
  CHECK(text_of(encode_mp_verdict(true)) == "#WELCOME#");
  CHECK(text_of(encode_mp_verdict(false)) == "#FAILURE#");
  CHECK(decode_mp_verdict(as_bytes("#WELCOME#")).value());
  CHECK_FALSE(decode_mp_verdict(as_bytes("#FAILURE#")).value());
  for (const char* text : {"", "#WELCOME", "#WELCOME##", "#welcome#", "WELCOME", "#FAILURE"}) {
    CHECK(refusal_of(decode_mp_verdict(as_bytes(text))) ==
          "neither accepts the answer nor refuses it");
  }
}

TEST_CASE("where OpenSSL forbids the digests no answer is made and none is accepted") {
  const test::NoAlgorithms forbidden;
  const std::string text = "#CHALLENGE#{sha256}" + std::string(40, 'n');
  const auto challenge = decode_mp_challenge(as_bytes(text));
  REQUIRE(challenge);
  const Secret secret(as_bytes("secret"));
  CHECK(test::kind_of(encode_mp_answer(secret, *challenge)) == "unsupported");
  const std::string tag(32, '\0');
  CHECK(test::kind_of(is_mp_answer(secret, *challenge, {Digest::sha256, as_bytes(tag)})) ==
        "unsupported");
}

}  // namespace
}  // namespace hotline::auth::mp_message_test
