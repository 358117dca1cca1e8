#pragma once

#include <vector>

#include "cli/service_registry.h"
#include "cli/text_layout.h"

namespace hotline::cli {

/// The service `files`.
ServiceEntry files_service();

/// Returns the options of its endpoints, for help.
std::vector<Definition> files_options();

}  // namespace hotline::cli
