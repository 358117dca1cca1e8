#include "cli/key_trust.h"

#include <utility>

#include "cli/home.h"
#include "hotline/auth/keyring.h"

namespace hotline::cli {

TlsOptions client_trust(const std::string& home) {
  TlsOptions trust;
  trust.credential = [home](std::string_view name, std::string_view server) -> Result<Psk> {
    const auto keyring = Keyring::open(Home(home).key_directory());
    if (!keyring) return fail(keyring.error());
    return keyring->credential(name, server);
  };
  return trust;
}

Result<TlsOptions> server_trust(const std::string& home) {
  const auto keyring = Keyring::open(Home(home).key_directory());
  if (!keyring) return fail(keyring.error());
  TlsOptions trust;
  // Without callers the error of the server says how to make a key.
  if (keyring->callers() > 0) trust.accepted = keyring->lookup();
  return trust;
}

}  // namespace hotline::cli
