#pragma once

#include <string>

namespace hotline::engine {

/// Returns why io_uring_setup failed with this errno, in words that an operator can act on.
std::string describe_setup_failure(int native_code);

}  // namespace hotline::engine
