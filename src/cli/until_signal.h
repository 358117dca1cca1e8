#pragma once

#include <functional>
#include <optional>

#include "hotline/core/result.h"

namespace hotline::cli {

/// Runs `work` on a fiber until it returns. SIGINT and SIGTERM, unless this program ignores them,
/// cancel the fiber instead of ending the program. Returns the signal that came, if one did. Fails
/// without having run `work` if there is no memory or descriptor for that. No other thread may run.
Result<std::optional<int>> run_until_signal(std::move_only_function<void()> work);

}  // namespace hotline::cli
