#pragma once

#include <memory>

#include "hotline/server/call_info.h"
#include "hotline/server/handler.h"
#include "server/message_call.h"
#include "server/service.h"

namespace hotline::server {

/// The handler for the messages of one framed call: the one that all calls of the service share, or
/// one that its maker makes for this call. It is one pointer, null if the handler is shared. One
/// thread.
class CallMessages {
 public:
  /// `identity` may be null, and otherwise must outlive this. Throws std::bad_alloc.
  CallMessages(const Service& service, const Identity* identity)
      : own_(service.handler.message_maker() ? std::make_unique<Own>(identity) : nullptr) {}

  /// Returns the handler, and makes it first if necessary. Throws what the maker throws, and
  /// std::logic_error if the maker returns an empty handler. May suspend the fiber.
  const MessageHandler& handler(const Service& service, const Stream& call) {
    if (own_ == nullptr) return service.handler.message();
    if (!own_->handler) own_->handler = make(service, call);
    return own_->handler;
  }

 private:
  struct Own {
    explicit Own(const Identity* who) : identity(who) {}
    const Identity* identity;
    MessageHandler handler{};
  };

  MessageHandler make(const Service& service, const Stream& call) const {
    return make_message_handler(service.handler, CallInfo(call, own_->identity));
  }

  std::unique_ptr<Own> own_;
};

}  // namespace hotline::server
