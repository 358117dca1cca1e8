#pragma once

#include <cstdint>

#include "server/service.h"

namespace hotline::server {

/// Counts the messages that one loop, thread or process has given to a handler, in memory of its
/// own; adds them to the server's when it goes. One thread; `Shared` outlives it.
class MessageCount {
 public:
  explicit MessageCount(Shared& shared) : shared_(shared) {}
  MessageCount(const MessageCount&) = delete;
  MessageCount& operator=(const MessageCount&) = delete;
  ~MessageCount() { shared_.messages.fetch_add(count_, std::memory_order_relaxed); }

  void add_one() { ++count_; }

 private:
  Shared& shared_;
  std::uint64_t count_ = 0;
};

}  // namespace hotline::server
