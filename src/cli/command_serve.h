#pragma once

#include "cli/exit_status.h"
#include "cli/options.h"
#include "cli/service_registry.h"

namespace hotline::cli {

/// `hotline serve`: serves until drained by a signal, or by `--once`.
ExitStatus serve_command(const ServeOptions& options, const CommonOptions& common,
                         const ServiceRegistry& registry);

}  // namespace hotline::cli
