#pragma once

#include "hotline/core/deadline.h"
#include "hotline/net/stream.h"

namespace hotline::net {

/// Ends the writes of `stream`, and drops what its peer still sends until the peer ends too, for at
/// most `patience`. Closing with bytes of the peer unread or in transit would reset the connection,
/// and could destroy what was written last. Does nothing after a write that was cut off. Suspends
/// the fiber.
void linger(Stream& stream, Duration patience);

}  // namespace hotline::net
