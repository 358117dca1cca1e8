#include "hotline/auth/psk_derivation.h"

#include "auth/hkdf.h"

namespace hotline {

std::string psk_identity(std::string_view server_id, std::string_view name) {
  return std::string("hotline1:").append(server_id).append(":").append(name);
}

Psk derive_psk(const Key& key) {
  const std::string info = "hotline-tls v1|" + key.server_id + "|" + key.name + "|client";
  return {psk_identity(key.server_id, key.name), auth::derive_key(key.secret, info), key.name};
}

}  // namespace hotline
