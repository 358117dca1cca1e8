#pragma once

#include "hotline/core/result.h"
#include "hotline/net/socket_options.h"
#include "hotline/server/handler.h"

namespace hotline::server {

struct Service;

/// Returns whether the callers at `endpoint` are, or may turn out to be, users of this machine.
bool has_users(const Endpoint& endpoint);

/// Takes the option `allow` of an endpoint, `owner` or `any`, and decides for `service`, whose
/// handler and socket options are known: Service::is_only_owner, and the mode of a path that has
/// none. Fails with `invalid_argument` on another word, and where callers are not users of this
/// machine.
Result<void> take_allowed_users(OptionTaker& taker, Service& service);

/// Checks that `service`, which is bound, can exclude other users if it is for its owner only.
/// Fails with `permission_denied` if it takes datagrams that other users could send, and with
/// `invalid_argument` if `allow=owner` is set on a socket whose callers are not users of this
/// machine, such as an inherited one.
Result<void> check_senders(const Service& service);

/// Checks that `service` may serve `call`. Fails with `permission_denied`, naming the user, or as
/// Stream::peer_credentials() does.
Result<void> check_user(const Service& service, const Stream& call);

}  // namespace hotline::server
