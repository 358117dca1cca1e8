#pragma once

#include <vector>

#include "hotline/core/result.h"
#include "server/service.h"

namespace hotline::server {

/// Reloads what Server::reload() describes, all or nothing, and logs that or why not. The services
/// are bound and do not change during that. Any thread; calls at the same time take turns.
Result<void> reload(ServerState& state, const std::vector<Service>& services);

}  // namespace hotline::server
