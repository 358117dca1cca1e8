#pragma once

#include <string_view>
#include "hotline/core/result.h"

#include "hotline/auth/allowed_identities.h"
#include "hotline/net/identity.h"
#include "hotline/net/option_taker.h"
#include "hotline/net/tls.h"
#include "hotline/server/handler.h"

namespace hotline::server {

struct Service;

inline constexpr std::string_view kNotAllowed = "refused: the caller is not allowed";

/// Returns the callers that `handler` allows at `endpoint` if nothing else is said there.
AllowedIdentities default_callers(const Handler& handler, const Endpoint& endpoint);

/// Takes the option `allow` of an endpoint and decides for `service`, whose handler, socket options
/// and challenge are known: Service::allowed, and the mode of a path that has none. Fails with
/// `invalid_argument` if the list is malformed, and if its entries are about something that the
/// endpoint never has about its callers.
Result<void> take_allowed_callers(OptionTaker& taker, Service& service);

/// Checks that `service`, which is bound, can distinguish the callers that it allows; `tls`
/// are the files in use. Fails with `permission_denied` if it is for its owner only and takes
/// datagrams that other users could send, and with `invalid_argument` if its list is about users
/// and the socket does not identify them, or about names and no caller has one. A service that is
/// for its owner by default allows all callers at a socket that does not identify users.
Result<void> check_allowed_callers(Service& service, const TlsFiles& tls);

/// Returns true if the list of `service` allows a caller of this identity, which may be null.
bool allows(const Service& service, const Identity* identity);

}  // namespace hotline::server
