#pragma once

#include <string>

#include "cli/command_connection.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "hotline/services/command_client.h"

namespace hotline::cli {

/// Begins a session over `stream`. Does not wait for the server, which is to answer within
/// `patience`. Fails as CommandClient::open().
Result<CommandClient> open_remote(Stream stream, Duration patience);

/// Waits until the server has answered as a service on the wire `hotline`. `uri` is its endpoint.
/// Fails as Session::wait_ready(), with a hint.
Result<void> wait_remote(CommandClient& client, const std::string& uri);

/// Connects to a service on the wire `hotline`, and waits until it has answered as such. `uri` is
/// its endpoint. Fails as connect() does, and if the server does not speak this wire, with a hint
/// that says so. On a fiber the client belongs to its loop. On a thread without a loop, SIGINT and
/// SIGTERM end this program as usual during that time; the thread that it starts for the session
/// blocks them.
Result<CommandClient> connect_remote(CommandTarget target, const std::string& uri);

/// Returns where to ask about jobs, which only this wire has. Fails as CommandTarget::parse(), and
/// with `invalid_argument`, with a hint, if `uri` names another wire. `home` is the value of
/// --home.
Result<CommandTarget> parse_jobs_target(const std::string& uri, const std::string& home,
                                        Duration connect_timeout);

/// Connects again to a server where this has succeeded before, on a fiber, which can be cancelled.
/// The client belongs to its loop. `home` is the value of --home.
Result<CommandClient> connect_on_fiber(const std::string& uri, const std::string& home,
                                       Duration connect_timeout);

}  // namespace hotline::cli
