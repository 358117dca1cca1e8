#include "auth/hkdf.h"

#include <string>

#include "auth/hmac.h"
#include "core/check.h"

namespace hotline::auth {
namespace {

Secret hmac_sha256(const Secret& key, Bytes message) {
  auto tag = hmac(Digest::sha256, key, message);
  check_use(tag.has_value(), "OpenSSL has no SHA-256");
  Secret made(tag->bytes());
  wipe(tag->fill());
  return made;
}

}  // namespace

Secret derive_key(const Secret& secret, std::string_view info) {
  const Secret no_salt(tag_bytes(Digest::sha256));
  const Secret extracted = hmac_sha256(no_salt, secret.bytes());
  return hmac_sha256(extracted, as_bytes(std::string(info) + '\x01'));
}

}  // namespace hotline::auth
