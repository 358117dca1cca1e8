#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/text_layout.h"

namespace hotline::cli {

/// Every form of an endpoint, such as `tcp://HOST:PORT`, with its meaning.
std::vector<Definition> endpoint_forms();

/// Returns the beginnings of endpoints with that scheme which completions propose: `unix:///` and
/// `unix:@`. There is none for `fd`.
std::vector<std::string> endpoint_prefixes(std::string_view scheme);

/// Returns the beginnings of all endpoints that can be called.
std::vector<std::string> call_prefixes();

/// Returns those of streams.
std::vector<std::string> stream_prefixes();

}  // namespace hotline::cli
