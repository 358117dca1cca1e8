#pragma once

#include "hotline/net/stream.h"
#include "server/service.h"

namespace hotline::server {

/// Runs `service`'s handler on `call`, to its end whatever happens, and closes it.
void talk(Shared& shared, const Service& service, Stream& call) noexcept;

/// The same for a call that an Acceptor has admitted; gives its room back.
void run_call(Shared& shared, const Service& service, Stream call) noexcept;

}  // namespace hotline::server
