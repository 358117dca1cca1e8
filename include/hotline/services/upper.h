#pragma once

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/net/stream.h"
#include "hotline/server/handler.h"

namespace hotline HOTLINE_PUBLIC {

/// Changes ASCII a-z to A-Z in place, and returns `bytes`. Every other byte, those of UTF-8 too,
/// stays unchanged. As fast as memory.
MutableBytes to_upper(MutableBytes bytes);

/// The service on a stream: answers each receive with the same bytes in upper case, until the
/// caller hangs up. docs/wire/upper.md.
void upper(Stream& call);

/// The same for one message: answers the first receive and returns (`--once`).
void upper_once(Stream& call);

/// The service on messages: answers each with the same bytes in upper case, an empty one with an
/// empty one.
Reply upper_message(const Message& message);

/// The same for a server that answers one message and ends (`--once`). It cannot exchange messages
/// with another such server for ever, so it answers every message except a datagram whose end is
/// lost.
Reply upper_message_once(const Message& message);

}  // namespace hotline
