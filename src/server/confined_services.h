#pragma once

#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/confinement.h"
#include "hotline/engine/engine_choice.h"
#include "server/service.h"

namespace hotline::server {

/// Returns what the program must be able to use while it serves `services`, which are bound: what
/// their handlers, their reload and the end of their listeners need.
std::vector<UsablePath> paths_used_by(const ServerState& state,
                                      const std::vector<Service>& services);

/// Confines the program as ServerOptions::confinement says, for loops on `engine`. Logs what is
/// missing. Fails with Confine::required if a handler does not stay within its files
/// (`invalid_argument`), in which case nothing is confined; or if a wall is missing
/// (`unsupported`), when the others hold already.
Result<Confinement> confine_services(const ServerState& state, const std::vector<Service>& services,
                                     EngineKind engine);

}  // namespace hotline::server
