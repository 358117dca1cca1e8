#include "auth/hkdf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <string>

#include "core/check.h"

namespace hotline::auth {
namespace {

Secret hmac_sha256(Bytes key, Bytes message) {
  const auto raw = [](const auto& bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
  };
  Secret tag(SHA256_DIGEST_LENGTH);
  const auto* done =
      HMAC(EVP_sha256(), raw(key), static_cast<int>(key.size()), raw(message), message.size(),
           reinterpret_cast<unsigned char*>(tag.fill().data()), nullptr);
  check_use(done != nullptr, "OpenSSL has no SHA-256");
  return tag;
}

}  // namespace

Secret derive_key(const Secret& secret, std::string_view info) {
  const Secret no_salt(std::size_t{SHA256_DIGEST_LENGTH});
  const Secret extracted = hmac_sha256(no_salt.bytes(), secret.bytes());
  return hmac_sha256(extracted.bytes(), as_bytes(std::string(info) + '\x01'));
}

}  // namespace hotline::auth
