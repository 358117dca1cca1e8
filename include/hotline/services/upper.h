#pragma once

#include "hotline/core/bytes.h"
#include "hotline/net/stream.h"
#include "hotline/server/handler.h"

namespace hotline {

/// Turns ASCII a-z into A-Z where they stand, and gives `bytes` back; every other byte, those of
/// UTF-8 too, stays as it is. As fast as memory.
MutableBytes to_upper(MutableBytes bytes);

/// The service on a stream: each receive is answered by the same bytes upper-cased, until the
/// caller hangs up. docs/wire/upper.md.
void upper(Stream& call);

/// The same, once: answers the first receive and returns (`--once`).
void upper_once(Stream& call);

/// The service on messages: each is answered by the same bytes upper-cased, an empty one by an
/// empty one.
Reply upper_message(const Message& message);

/// The same for a server that answers one message and ends (`--once`): it cannot exchange messages
/// with another such server for ever, so it leaves none unanswered but a datagram whose end is
/// lost.
Reply upper_message_once(const Message& message);

}  // namespace hotline
