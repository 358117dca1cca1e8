#pragma once

#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/net/stream.h"

// What the exchanges of all schemes have in common.

namespace hotline::auth {

inline constexpr std::string_view kSameSecret = "is the secret the same on both sides?";

/// Ends `call` so that the peer sees an orderly end: closing while bytes of the peer are unread
/// would reset the connection. Waits at most 1 s.
void end_in_order(Stream& call);

/// Returns the error of a caller whose bytes are refused. `detail` completes a sentence.
Error caller_error(ErrorKind kind, const Stream& call, std::string detail);

/// Returns the error of a server whose bytes are refused, or which refuses the answer.
Error server_error(ErrorKind kind, const Stream& server, std::string detail,
                   std::string_view advice = kSameSecret);

/// Returns the error of a wait for `awaited` ("its challenge") from a server that failed with
/// `cause`.
Error server_wait_error(const Error& cause, const Stream& server, std::string_view awaited,
                        std::string_view advice);

/// Returns the advice for a server that sends no challenge: `question`, and that it may have
/// refused the call before.
std::string advice_without_challenge(std::string_view question);

}  // namespace hotline::auth
