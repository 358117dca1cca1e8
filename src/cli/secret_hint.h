#pragma once

#include <string_view>

#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns true if the endpoint has a challenge: the option `auth`.
bool has_challenge(std::string_view uri);

/// Returns `result`. If it is the error of a peer that has ended the call, and the endpoint `uri`
/// has a challenge, the hint asks about the secret, because a server ends a call in silence if it
/// does not accept the answer.
Result<void> with_secret_hint(Result<void> result, std::string_view uri);

}  // namespace hotline::cli
