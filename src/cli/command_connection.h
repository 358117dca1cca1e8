#pragma once

#include <string>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/services/shell_line_client.h"

namespace hotline::cli {

/// How to connect to a service `command`, besides its endpoint.
struct CommandConnection {
  Duration linger{};
  Duration connect_timeout = kNoTimeout;
  Duration timeout = kNoTimeout;  ///< How long to wait for one reply.
  std::string home{};             ///< The value of --home, where the keys are.
};

/// Connects to the service at `uri`, which may have `wire=` and `max=`. Fails as connect() does.
Result<ShellLineClient> connect_command(const std::string& uri, const CommandConnection& options);

}  // namespace hotline::cli
