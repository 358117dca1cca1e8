#pragma once

#include <string>

#include "hotline/core/result.h"
#include "hotline/net/tls.h"

namespace hotline::cli {

/// Returns the settings of a client that presents the credentials of the home; `home` is the value
/// of --home. The files are read when a connection needs one.
TlsOptions client_trust(const std::string& home);

/// Returns the settings of a server that accepts the callers of the home. Reads the files, and
/// fails as Keyring::open() does.
Result<TlsOptions> server_trust(const std::string& home);

}  // namespace hotline::cli
