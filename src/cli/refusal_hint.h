#pragma once

#include <string_view>

#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns true if the peer has ended the connection, in order or not.
bool is_end_by_peer(ErrorKind kind);

/// Returns true if the endpoint has a challenge: the option `auth`.
bool has_challenge(std::string_view uri);

/// Returns `result` of a call to the endpoint `uri`, of which no byte of a reply has come. If the
/// peer has ended the call, and the endpoint is one that refuses callers (`tls`, `unix`, `auth=`),
/// the hint says why that may be, because a server ends the call of a caller in silence if it does
/// not accept its answer or does not allow it.
Result<void> with_refusal_hint(Result<void> result, std::string_view uri);

}  // namespace hotline::cli
