#include "engine/channel.h"

#include <algorithm>

#include "engine/engine.h"

namespace hotline::engine {

void Channel::Carried::reserve(std::size_t more_buffers, std::size_t more_descriptors) {
  buffers.reserve(buffers.size() + more_buffers);
  descriptors.reserve(descriptors.size() + more_descriptors);
}

void Channel::withdraw() {
  if (engine_ == nullptr) return;
  // The pool belongs to the loop that is left behind, so what is unread moves to memory of its own.
  if (lease.is_pooled() && !unread.empty()) {
    Buffer own(unread.size());
    std::copy(unread.begin(), unread.end(), own.memory().begin());
    lease = std::move(own);
    unread = lease.memory();
  } else if (lease.is_pooled()) {
    lease = {};
  }
  engine_->withdraw(*this);
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
