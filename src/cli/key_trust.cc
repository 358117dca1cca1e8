#include "cli/key_trust.h"

#include <utility>

#include "cli/home.h"
#include "hotline/auth/keyring.h"
#include "hotline/engine/make_directories.h"

namespace hotline::cli {

namespace {

/// A key that is missing here is a mistake of the caller, as a wrong endpoint is.
Error missing_key(Error error) {
  if (error.kind == ErrorKind::resource_exhausted) return error;
  if (error.advice.empty()) error.advice = error.hint();
  if (error.detail.empty()) error.detail = make_error(error.kind, {}, {}, {}).message();
  error.kind = ErrorKind::invalid_argument;
  return error;
}

}  // namespace

TlsOptions client_trust(const std::string& home) {
  TlsOptions trust;
  trust.credential = [home](std::string_view name, std::string_view server) -> Result<Psk> {
    const auto keyring = Keyring::open(Home(home).key_directory());
    if (!keyring) return fail(missing_key(keyring.error()));
    auto key = keyring->credential(name, server);
    if (!key) return fail(missing_key(std::move(key.error())));
    return key;
  };
  return trust;
}

Result<void> trust_callers(const std::string& home, ServerOptions& options) {
  const std::string directory = Home(home).key_directory();
  // A program that is confined could not read one that is made later, nor reload then.
  if (options.confinement.confine != Confine::never) discard(make_directories(directory));
  const auto keyring = Keyring::open(directory);
  if (!keyring) return fail(keyring.error());
  // Without callers the error of the server says how to make a key.
  if (keyring->callers() > 0) options.tls.accepted = keyring->lookup();
  options.tls.accepted_names = [keyring = *keyring] { return keyring.caller_names(); };
  options.confinement.usable.push_back({directory, PathUse::read});
  options.on_reload = [keyring = *keyring] { return keyring.read_again(); };
  return {};
}

}  // namespace hotline::cli
