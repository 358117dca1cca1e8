#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// Fewer bytes than this fit the buffer of a socket: they can be sent before the replies are read.
inline constexpr std::size_t kSendAtOnceMax = 16 * 1024;

/// What `hotline call` was asked for.
struct CallOptions {
  std::string endpoint = {};
  std::vector<std::string> messages = {};  ///< None: the lines of standard input.
  Duration linger = std::chrono::seconds(1);
  Duration timeout = std::chrono::seconds(30);
  Controls controls = Controls::escaped;  ///< At a terminal.
};

}  // namespace hotline::cli
