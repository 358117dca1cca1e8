#pragma once

#include "cli/service_registry.h"

namespace hotline::cli {

/// The row of the service `ntp`.
ServiceEntry ntp_service();

}  // namespace hotline::cli
