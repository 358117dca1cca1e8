#include "engine/channel.h"

#include <algorithm>

#include "core/check.h"
#include "engine/engine.h"

namespace hotline::engine {

void Channel::Carried::reserve(std::size_t more_buffers, std::size_t more_descriptors) {
  buffers.reserve(buffers.size() + more_buffers);
  descriptors.reserve(descriptors.size() + more_descriptors);
}

void Channel::check_thread() const {
  check_use(engine_ == nullptr || engine_->is_on_its_thread(),
            "a stream, socket or listener that an event loop has waited on is used, closed or "
            "destroyed on another thread: on that loop call leave_loop() first, or close it");
}

void Channel::withdraw() {
  if (engine_ == nullptr) return;
  check_thread();
  // The pool belongs to the loop that the channel leaves, so unread bytes move to memory of their
  // own.
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
  check_thread();
  lease = {};
  unread = {};
  carried.reset();
  if (engine_ != nullptr) {
    engine_->abandon(*this);
  }
  if (fd_) Engine::current().close(std::move(fd_));
}

}  // namespace hotline::engine
