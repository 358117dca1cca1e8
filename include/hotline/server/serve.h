#pragma once

#include <string_view>

#include "hotline/server/handler.h"
#include "hotline/server/server.h"

namespace hotline {

/// A whole server in one call: serves `uri` with `handler` until SIGTERM or ^C has drained it.
/// Prints `listening ENDPOINT` to standard error once it serves, and errors with their hints. What
/// handlers throw, and other warnings, go there too, unless `options` have a log of their own: see
/// StandardErrorLog. The result is an exit status: 0 after a drain, 1 if it could not serve or
/// if what the handler needs was lost.
int serve(std::string_view uri, Handler handler, ServerOptions options = {});

}  // namespace hotline
