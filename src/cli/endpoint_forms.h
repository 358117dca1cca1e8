#pragma once

#include <string>
#include <vector>

#include "cli/text_layout.h"

namespace hotline::cli {

/// Every form of an endpoint, `tcp://HOST:PORT`, with what it is.
std::vector<Definition> endpoint_forms();

/// How the endpoints that completions propose begin: `tcp://`.
std::vector<std::string> endpoint_prefixes();

}  // namespace hotline::cli
