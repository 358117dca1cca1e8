#pragma once

#include "cli/service_registry.h"

namespace hotline::cli {

/// The service `command`.
ServiceEntry command_service();

}  // namespace hotline::cli
