#pragma once

#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"

namespace hotline::server {

struct Service;

/// Takes the options of a challenge, `auth` and `secret-file`. With them the handler of `service`
/// gets an authenticator, which names callers after the scheme, and may only be called from this
/// machine. Fails as Challenge::take_from() does, and with `invalid_argument` for datagrams and if
/// the handler has an authenticator of its own.
Result<void> take_challenge(OptionTaker& taker, Service& service);

}  // namespace hotline::server
