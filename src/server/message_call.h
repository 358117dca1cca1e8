#pragma once

#include <stdexcept>

#include "hotline/server/handler.h"
#include "server/handler_failure.h"
#include "server/tally.h"

namespace hotline::server {

/// Returns what the maker of `handler` makes for `info`. Throws what that throws,
/// HandlerFoundNoMemory in place of std::bad_alloc, and std::logic_error if it is empty.
inline MessageHandler make_message_handler(const Handler& handler, const CallInfo& info) {
  MessageHandler made = as_handler([&] { return handler.message_maker()(info); });
  if (!made) throw std::logic_error("its maker made an empty message handler");
  return made;
}

/// Returns what `handler` answers to `message`. Counts it if it is an error. Throws what it throws,
/// HandlerFoundNoMemory in place of std::bad_alloc, and std::logic_error if it answers with the
/// bytes of another message.
inline Reply call_handler(const MessageHandler& handler, const Message& message, Tally& tally) {
  Reply reply = as_handler([&] { return handler(message); });
  if (!reply.is_for(message)) throw std::logic_error("its reply is in place of another message");
  if (reply.is_error()) tally.error_replies.fetch_add(1, std::memory_order_relaxed);
  return reply;
}

}  // namespace hotline::server
