#pragma once

#include "cli/service_registry.h"

namespace hotline::cli {

/// The service `time`.
ServiceEntry time_service();

}  // namespace hotline::cli
