#pragma once

#include "hotline/net/stream.h"
#include "server/service.h"

namespace hotline::server {

/// Runs `service`'s handler on a call that an Acceptor has admitted, to its end whatever happens, closes it
/// and gives its room back.
void run_call(Shared& shared, const Service& service, Stream call) noexcept;

}  // namespace hotline::server
