#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "auth/hmac_challenge.h"
#include "auth/mp_message.h"

// No message that was made without the secret is accepted, and what is accepted as a challenge has
// an answer that is accepted in turn. The first byte chooses the message.

namespace {

using namespace hotline::auth;
using hotline::as_bytes;
using hotline::Bytes;
using hotline::Secret;

void require(bool holds) {
  if (!holds) std::abort();
}

const Secret& secret() {
  static const Secret kSecret(as_bytes("the secret of the fuzzer, which no input has"));
  return kSecret;
}

void check_length(Bytes input) {
  if (input.size() < kMpLengthBytes) return;
  const auto size = decode_mp_length(input.first<kMpLengthBytes>());
  if (!size) return;
  require(*size >= 1 && *size <= kMpMessageBytesMax);
  MpMessage message;
  message.resize(*size);
  require(std::ranges::equal(message.on_wire().first(kMpLengthBytes), input.first(kMpLengthBytes)));
}

void check_challenge(Bytes input) {
  const auto challenge = decode_mp_challenge(input);
  if (!challenge || input.size() > kMpMessageBytesMax) return;
  require(hotline::lies_within(challenge->signed_part, input));
  const auto encoded = encode_mp_answer(secret(), *challenge);
  require(encoded.has_value());
  const auto answer = decode_mp_answer(encoded->bytes());
  require(answer.has_value());
  require(is_mp_answer(secret(), *challenge, *answer).value());
}

void check_answer(Bytes input) {
  static const MpMessage kOwn = encode_mp_challenge(Digest::sha256);
  const auto answer = decode_mp_answer(input);
  if (!answer) return;
  require(answer->tag.size() == tag_bytes(answer->digest));
  require(!is_mp_answer(secret(), *decode_mp_challenge(kOwn.bytes()), *answer).value());
}

void check_verdict(Bytes input) {
  const auto verdict = decode_mp_verdict(input);
  if (verdict) require(std::ranges::equal(encode_mp_verdict(*verdict).bytes(), input));
}

void check_hmac(Bytes input) {
  static const Nonce kNonce = make_nonce();
  for (const HmacForm& form : {kHmacMd5, kHmacSha256}) {
    require(!is_answer(form, secret(), kNonce, input).value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input = std::as_bytes(std::span(data, size)).subspan(1);
  constexpr void (*kChecks[])(Bytes) = {check_length, check_challenge, check_answer, check_verdict,
                                        check_hmac};
  kChecks[data[0] % std::size(kChecks)](input);
  return 0;
}
