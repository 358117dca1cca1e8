#pragma once

#include <vector>

#include "server/service.h"

namespace hotline::server {

/// Warns in the log about each of `services`, which are bound, that trusts keys and whose callers
/// have none: about all of them if there is no key, and about the names in its `allow=` that no key
/// has.
void warn_of_missing_keys(const ServerState& state, const std::vector<Service>& services);

}  // namespace hotline::server
