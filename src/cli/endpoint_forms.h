#pragma once

#include <string>
#include <vector>

#include "cli/text_layout.h"

namespace hotline::cli {

/// Every form of an endpoint, such as `tcp://HOST:PORT`, with its meaning.
std::vector<Definition> endpoint_forms();

/// The beginnings of endpoints that completions propose, such as `tcp://`.
std::vector<std::string> endpoint_prefixes();

}  // namespace hotline::cli
