#pragma once

#include <stdexcept>

#include "hotline/server/handler.h"

namespace hotline::server {

/// Returns what `handler` answers to `message`. Throws what it throws, and std::logic_error if it
/// answers with the bytes of another message.
inline Reply call_handler(const MessageHandler& handler, const Message& message) {
  Reply reply = handler(message);
  if (!reply.is_for(message)) throw std::logic_error("its reply is in place of another message");
  return reply;
}

}  // namespace hotline::server
