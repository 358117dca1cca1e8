#pragma once

#include <string>

#include "hotline/core/result.h"
#include "hotline/net/tls.h"
#include "hotline/server/server.h"

namespace hotline::cli {

/// Returns the settings of a client that presents the credentials of the home; `home` is the value
/// of --home. The files are read when a connection needs one.
TlsOptions client_trust(const std::string& home);

/// Sets ServerOptions::tls and on_reload so that the server accepts the callers of the home. Reads
/// the files, and fails as Keyring::open() does.
Result<void> trust_callers(const std::string& home, ServerOptions& options);

}  // namespace hotline::cli
