#pragma once

#include <string>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/net/connect.h"
#include "hotline/net/target.h"
#include "hotline/services/command.h"
#include "hotline/services/shell_line_client.h"

namespace hotline::cli {

/// Where a service `command` is, and how it is called.
struct CommandTarget {
  Target target;
  CommandOptions command;     ///< The options `wire` and `max`.
  ConnectOptions connecting;  ///< With the keys, and the answer to a challenge.

  /// Parses `uri`; `home` is the value of --home, where the keys are. Fails with
  /// `invalid_argument`.
  static Result<CommandTarget> parse(const std::string& uri, const std::string& home,
                                     Duration connect_timeout);
};

/// How to read the replies of a wire of the course.
struct ReplyWaits {
  Duration linger{};
  Duration timeout = kNoTimeout;  ///< How long to wait for one reply.
};

/// Connects to a service on a wire of the course. Fails as connect() does.
Result<ShellLineClient> connect_course(CommandTarget target, const ReplyWaits& waits);

}  // namespace hotline::cli
