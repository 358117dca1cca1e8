#pragma once

#include <utility>

#include "engine/channel.h"

namespace hotline::engine {

/// Descriptors that wait for a receive buffer, in the order in which they began to wait. Intrusive
/// and without allocation: a descriptor is in one queue at a time. Loop thread only.
class StarvedQueue {
 public:
  bool is_empty() const { return first_ == nullptr; }

  void push(ChannelState& state) noexcept {
    (last_ == nullptr ? first_ : last_->next_starved) = &state;
    last_ = &state;
    state.is_starved = true;
  }

  /// Removes and returns the first. The queue must not be empty.
  ChannelState& pop() noexcept {
    ChannelState& state = *first_;
    first_ = std::exchange(state.next_starved, nullptr);
    if (first_ == nullptr) last_ = nullptr;
    state.is_starved = false;
    return state;
  }

  /// Removes `removed` if it is in the queue.
  void remove(const ChannelState& removed) noexcept {
    StarvedQueue kept;
    while (!is_empty()) {
      ChannelState& state = pop();
      if (&state != &removed) kept.push(state);
    }
    *this = kept;
  }

 private:
  ChannelState* first_ = nullptr;
  ChannelState* last_ = nullptr;
};

}  // namespace hotline::engine
