#pragma once

namespace hotline::engine {

/// Returns true if the process has a controlling terminal that is not hung up. tty(4).
bool has_terminal();

}  // namespace hotline::engine
