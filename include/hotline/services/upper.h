#pragma once

#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/net/stream.h"
#include "hotline/server/handler.h"

// Outside of what is exported.
namespace hotline::services {
class ReplyLoops;
}  // namespace hotline::services

namespace hotline HOTLINE_PUBLIC {

/// Changes ASCII a-z to A-Z in place, and returns `bytes`. Every other byte, those of UTF-8 too,
/// stays unchanged. As fast as memory.
MutableBytes to_upper(MutableBytes bytes);

/// The service on a stream: answers each receive with the same bytes in upper case, until the
/// caller hangs up. docs/wire/upper.md.
void upper(Stream& call);

/// The service on a stream for a server that serves one call (`--once`): answers the first receive
/// and returns.
void upper_once(Stream& call);

/// Answers one message with the same bytes in upper case, an empty one with an empty one. A
/// datagram whose end is lost is not answered.
Reply upper_message(const Message& message);

/// The service on messages: a message handler that answers each as upper_message() does. Two such
/// servers that a forged datagram makes answer each other stop: of equal datagrams of one peer that
/// have nothing to change to upper case, and follow each other within a second, every 16,384th is
/// not answered. Copies share the count. Any thread.
class UpperMessages {
 public:
  UpperMessages();

  Reply operator()(const Message& message) const;

 private:
  std::shared_ptr<services::ReplyLoops> loops_;
};

}  // namespace hotline
