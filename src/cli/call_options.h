#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// Fewer bytes than this fit the buffer of a socket: they can be sent before the replies are read.
inline constexpr std::size_t kSendAtOnceMax = 16 * 1024;

/// The arguments of `hotline call`.
struct CallOptions {
  std::string endpoint = {};
  std::vector<std::string> messages = {};  ///< Empty: the lines of standard input are the messages.
  Duration linger = std::chrono::seconds(1);
  Duration timeout = std::chrono::seconds(30);
  Controls controls = Controls::escaped;  ///< At a terminal.
};

}  // namespace hotline::cli
