#pragma once

#include "server/admitted_call.h"
#include "server/service.h"

namespace hotline::server {

/// Authenticates the caller of an admitted call to `service`, which has an authentication: the
/// handshake of its layer, then the authenticator of the handler, both within the time for it.
/// Suspends the fiber. Returns true if the caller is known now, and AdmittedCall::identity has what
/// it has proved. Otherwise the call has ended, and a caller at fault is penalised.
bool authenticate(ServerState& state, const Service& service, AdmittedCall& call) noexcept;

/// Returns true if the list of `service` allows the caller, who is authenticated. Otherwise the
/// call has ended. Never waits.
bool authorise(ServerState& state, const Service& service, AdmittedCall& call) noexcept;

}  // namespace hotline::server
