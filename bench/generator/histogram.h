#pragma once

#include "cli/histogram.h"

namespace bench {

// Latencies in nanoseconds, as `hotline bench` counts them.
using hotline::cli::Histogram;

}  // namespace bench
