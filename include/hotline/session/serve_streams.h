#pragma once

#include <functional>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "hotline/session/session_options.h"
#include "hotline/session/session_stream.h"

namespace hotline HOTLINE_PUBLIC {

/// Handles one stream that the peer has opened: accepts or resets it, and then reads and writes. On
/// a fiber of its own. The stream is reset if it is not closed when the handler returns.
using SessionStreamHandler = std::function<void(SessionStream& stream)>;

/// Serves a call as the server's end of a session: each stream that the peer opens is handled on a
/// fiber of its own, up to SessionOptions::streams_max at once. For a handler of a Server; on a
/// thread without a loop it runs a loop. A drain of the call ends the session in order: streams
/// that are open finish. Returns when the session has ended. Fails with the reason if that was not
/// in order, and the handlers' waits have failed with it too; fails with `timed_out` if the peer
/// does not answer the reset of a stream within 5 s after all handlers have returned. An exception
/// of a handler resets its stream with `failed`, and is thrown when the session has ended.
Result<void> serve_streams(Stream& call, const SessionOptions& options,
                           const SessionStreamHandler& handler);

}  // namespace hotline
