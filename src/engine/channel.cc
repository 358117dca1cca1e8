#include "engine/channel.h"

#include <algorithm>

#include "engine/engine.h"

namespace hotline::engine {

void Channel::withdraw() {
  if (engine_ == nullptr) return;
  engine_->withdraw(*this);
  if (!lease.is_pooled()) return;
  // The pool belongs to the loop that is left behind, so what is unread moves to memory of its own.
  if (unread.empty()) {
    lease = {};
    return;
  }
  Buffer own(unread.size());
  std::copy(unread.begin(), unread.end(), own.memory().begin());
  lease = std::move(own);
  unread = lease.memory();
}

void Channel::close() {
  lease = {};
  unread = {};
  carried.reset();
  if (engine_ != nullptr) {
    engine_->abandon(*this);
  }
  if (fd_) Engine::current().close(std::move(fd_));
}

}  // namespace hotline::engine
