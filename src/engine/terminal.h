#pragma once

#include <optional>

#include "hotline/engine/standard_streams.h"

namespace hotline::engine {

/// Returns true if the process has a controlling terminal that is not hung up. tty(4).
bool has_terminal();

/// Returns the size of the terminal `fd`, or nullopt if it is not a terminal or its size is
/// unknown.
std::optional<TerminalSize> size_of_terminal(int fd);

}  // namespace hotline::engine
