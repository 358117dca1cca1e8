#pragma once

#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"

namespace hotline::server {

struct Service;

/// Takes the options of a challenge, `auth` and `secret-file`. With them the handler of `service`
/// gets an authenticator, which names callers after the scheme, and may only be called from this
/// machine. Fails as Challenge::take_from() does, and with `invalid_argument` for datagrams and if
/// the handler has an authenticator of its own.
Result<void> take_challenge(OptionTaker& taker, Service& service);

/// Reads the secret of the challenge of `service` again; the returned function puts it to use for
/// the callers that are challenged from then on. Without a challenge it does nothing. Fails as
/// Challenge::take_from() does. Any thread.
Result<Reloaded> read_challenge_again(const Service& service);

}  // namespace hotline::server
