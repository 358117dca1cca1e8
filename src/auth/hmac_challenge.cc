#include "auth/hmac_challenge.h"

#include <algorithm>
#include <span>
#include <utility>

#include "hotline/engine/random.h"

namespace hotline::auth {

Nonce make_nonce() {
  Nonce nonce;
  random_bytes(nonce);
  return nonce;
}

Result<Tag> encode_answer(const HmacForm& form, const Secret& secret, const Nonce& nonce) {
  std::array<std::byte, kCallerLabel.size() + kNonceBytes> message;
  const Bytes label = as_bytes(form.label);
  const auto after_label = std::copy(label.begin(), label.end(), message.begin());
  std::copy(nonce.begin(), nonce.end(), after_label);
  return hmac(form.digest, secret, Bytes(message).first(label.size() + nonce.size()));
}

Result<bool> is_answer(const HmacForm& form, const Secret& secret, const Nonce& nonce,
                       Bytes answer) {
  const auto expected = encode_answer(form, secret, nonce);
  if (!expected) return fail(expected.error());
  return equal_in_constant_time(expected->bytes(), answer);
}

}  // namespace hotline::auth
