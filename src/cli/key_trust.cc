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

Result<void> trust_callers(const std::string& home, ServerOptions& options) {
  const auto keyring = Keyring::open(Home(home).key_directory());
  if (!keyring) return fail(keyring.error());
  // Without callers the error of the server says how to make a key.
  if (keyring->callers() > 0) options.tls.accepted = keyring->lookup();
  options.tls.accepted_names = [keyring = *keyring] { return keyring.caller_names(); };
  options.confinement.usable.push_back({Home(home).key_directory(), PathUse::read});
  options.on_reload = [keyring = *keyring] { return keyring.read_again(); };
  return {};
}

}  // namespace hotline::cli
