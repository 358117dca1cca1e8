#pragma once

#include <string>
#include <string_view>

#include "hotline/core/result.h"

namespace hotline::cli {

/// The help on a command or a topic, or, if `topic` is empty, on the program; ends in a newline.
/// Fails with `invalid_argument`, naming the known topics.
Result<std::string> help_on(std::string_view topic);

}  // namespace hotline::cli
