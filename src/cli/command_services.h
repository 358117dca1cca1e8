#pragma once

#include "cli/exit_status.h"
#include "cli/options.h"
#include "cli/service_registry.h"

namespace hotline::cli {

/// `hotline services`: lists what `hotline serve` can serve.
ExitStatus services_command(const CommonOptions& common, const ServiceRegistry& registry);

}  // namespace hotline::cli
