#pragma once

#include <string>

#include "hotline/core/error.h"
#include "hotline/session/session_codes.h"

namespace hotline::services {

/// How a server refuses a command: the RESET, and its text.
struct LaunchRefusal {
  ResetCode code = ResetCode::failed;
  std::string text{};
};

/// Returns the refusal for a command that Launcher::launch() could not start.
LaunchRefusal launch_refusal(const Error& error);

}  // namespace hotline::services
