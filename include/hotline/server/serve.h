#pragma once

#include <string_view>

#include "hotline/core/public.h"
#include "hotline/server/handler.h"
#include "hotline/server/server.h"

namespace hotline HOTLINE_PUBLIC {

/// Runs a whole server in one call: serves `uri` with `handler` until SIGTERM or ^C has drained it.
/// Prints `listening ENDPOINT` to standard error once it serves, and errors with their hints.
/// Exceptions of handlers and other warnings go there too, unless `options` have a log: see
/// StandardErrorLog. Returns an exit status: 0 after a drain, 1 if it could not serve or if it lost
/// what the handler needs.
int serve(std::string_view uri, Handler handler, ServerOptions options = {});

/// Does the same for a server with endpoints, tasks and options of its own. It binds the server if
/// that has not been done; signals drain it, whatever ServerOptions::signals is. The server can be
/// asked for its counters afterwards.
int serve(Server& server);

}  // namespace hotline
