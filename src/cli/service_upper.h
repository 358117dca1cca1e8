#pragma once

#include "cli/service_registry.h"

namespace hotline::cli {

/// The service `upper`.
ServiceEntry upper_service();

}  // namespace hotline::cli
